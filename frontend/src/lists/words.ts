/** Sentences about rows of a list across pages. */
import type { ListedLock } from "../api";
import type { MessageKey, Translate } from "../messages";
import { problemWords, type Problem } from "../problems";
import { endedWords } from "../page/words";
import { nameOf, type Voice } from "../voice";
import type { BulkResult } from "./bulk";
import type { Outcome } from "./store";
import { titleOf } from "./titleOf";

const DONE = {
  unlock: "done.unlocked",
  extend: "done.extended",
  break: "done.broken",
  takeOver: "done.takenOver",
  handOver: "done.handOver",
  decline: "done.decline",
  cancelRequest: "done.cancelRequest",
  notify: "done.notify",
  cancelNotify: "done.notifyCancelled",
} as const satisfies Record<Outcome["kind"], MessageKey>;

export function outcomeWords({ kind, title }: Outcome, t: Translate): string {
  return t(DONE[kind], { title: titleOf(title, t) });
}

function lostWords(title: string, { lock }: Problem, voice: Voice): string {
  const ended = lock?.lastEnded ?? null;
  return ended === null ? voice.t("problem.lock_lost", { title }) : voice.t("problem.lock_lost.how", { title, ended: endedWords(ended, voice) });
}

function takenWords(title: string, { lock }: Problem, { t, formats }: Voice): string {
  if (lock === null || lock.since === null) return t("problem.already_locked.plain", { title });
  return t("problem.already_locked", { title, name: nameOf(lock.holder, t), since: t("lock.since", { time: formats.moment(lock.since) }) });
}

/** Return a refused action in words. */
export function rowProblemWords(file: Pick<ListedLock, "title">, problem: Problem, voice: Voice): string {
  const title = titleOf(file.title, voice.t);
  switch (problem.code) {
    case "lock_lost":
      return lostWords(title, problem, voice);
    case "already_locked":
      return takenWords(title, problem, voice);
    case "ending":
    case "app_blocked":
    case "in_progress":
    case "not_found":
      return voice.t(`problem.${problem.code}`, { title });
    default:
      return problemWords(problem, voice.t);
  }
}

/** Return why one file of many was refused. */
export function refusedWords(title: string | null, { body }: BulkResult, voice: Voice): string {
  const error = "error" in body ? String(body.error) : "unexpected";
  const message = "message" in body ? String(body.message) : "";
  const problem: Problem = { code: error, message, lock: null, retryAfter: null };
  return voice.t("lists.report.one", { title: titleOf(title, voice.t), reason: rowProblemWords({ title }, problem, voice) });
}
