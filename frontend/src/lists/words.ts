/** Sentences about rows of a list across pages. */
import type { MessageKey, Translate } from "../messages";
import { rowProblemWords } from "../page/refusals";
import type { Problem } from "../problems";
import type { Voice } from "../voice";
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

/** Return why one file of many was refused. */
export function refusedWords(title: string | null, { body }: BulkResult, voice: Voice): string {
  const error = "error" in body ? String(body.error) : "unexpected";
  const message = "message" in body ? String(body.message) : "";
  const name = titleOf(title, voice.t);
  const problem: Problem = { code: error, message, lock: null, retryAfter: null };
  return voice.t("lists.report.one", { title: name, reason: rowProblemWords(name, problem, voice) });
}
