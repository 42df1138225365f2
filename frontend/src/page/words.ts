/** Sentences for states, ended locks and problems. */
import type { Attachment, EndReason, LastEnded, LockView, Person } from "../api";
import type { MessageKey, Translate } from "../messages";
import { problemWords, type Problem } from "../problems";
import { nameOf, type Voice } from "../voice";
import type { Notice } from "./news";
import { isHeld } from "./rows";
import type { Outcome } from "./store";
import { obstacleOf, type Upload } from "./uploads";

/** Return who did something, to follow "by". */
function doer(person: Person | null, { t, me }: Voice): string {
  return person !== null && person.accountId === me ? t("person.you") : nameOf(person, t);
}

/** Return the state in words, because colour and icon alone do not reach everybody. */
export function stateWords(lock: LockView, t: Translate): string {
  switch (lock.state) {
    case "other":
      return t("state.other", { name: nameOf(lock.holder, t) });
    case "free":
    case "mine":
    case "ending":
    case "unreadable":
      return t(`state.${lock.state}`);
  }
}

const WHY_UNPROTECTED: ReadonlySet<string> = new Set(["app_blocked", "restore_refused", "paused", "unreadable", "unlicensed", "inactive"]);

export function unprotectedWords({ unprotectedReason: reason, pausedUntil }: LockView, { t, formats }: Voice): string {
  if (pausedUntil !== null) return t("protection.why.pausedUntil", { time: formats.moment(pausedUntil) });
  const known = reason !== null && WHY_UNPROTECTED.has(reason) ? reason : "unknown";
  return t(`protection.why.${known as "unknown"}`);
}

const ENDED_BY_SOMEBODY: ReadonlySet<EndReason> = new Set(["released", "broken", "taken_over", "handed_over"]);

/** Return who ended the last lock, when, and why. */
export function endedWords(ended: LastEnded, voice: Voice): string {
  const { t, formats } = voice;
  const time = formats.moment(ended.at);
  const who = { name: doer(ended.by, voice), time };
  const what = ENDED_BY_SOMEBODY.has(ended.reason)
    ? t(`ended.${ended.reason as "released" | "broken" | "taken_over" | "handed_over"}`, who)
    : t(`ended.${ended.reason as "expired" | "holder_gone" | "file_gone"}`, { time });
  return ended.why === null || ended.why === "" ? what : t("ended.withWhy", { ended: what, why: ended.why });
}

/** Return how the last lock ended, where that still matters: nobody holds the file, or a manager gave a reason. */
export function endingShown(lock: LockView): LastEnded | null {
  const { lastEnded } = lock;
  const byManager = lastEnded?.reason === "broken" || lastEnded?.reason === "taken_over";
  const reason = byManager && lastEnded.why !== null && lastEnded.why !== "";
  return isHeld(lock) && !reason ? null : lastEnded;
}

/** Return the time left: the server's figure less the seconds since it arrived. */
export function leftWords(lock: LockView, ageSeconds: number, { t, formats }: Voice): string {
  if (lock.secondsLeft === null) return t("lock.endless");
  const left = Math.max(0, lock.secondsLeft - ageSeconds);
  return formats.left(left) ?? t("lock.lessThanMinute");
}

export function noticeWords(notice: Notice, { t, formats }: Voice): string {
  const { title, ended } = notice;
  if (notice.kind === "free") return t("notice.free", { title });
  if (ended === null) return t("notice.lost.other", { title });
  const time = formats.moment(ended.at);
  const why = ended.why === null || ended.why === "" ? "" : ` ${t("ended.why", { why: ended.why })}`;
  switch (ended.reason) {
    case "broken":
    case "taken_over":
    case "handed_over":
      return t(`notice.lost.${ended.reason}`, { title, name: nameOf(ended.by, t), time }) + why;
    case "expired":
      return t("notice.lost.expired", { title, time });
    default:
      return t("notice.lost.other", { title });
  }
}

const DONE = {
  lock: "done.locked",
  unlock: "done.unlocked",
  extend: "done.extended",
  break: "done.broken",
  takeOver: "done.takenOver",
  request: "done.request",
  cancelRequest: "done.cancelRequest",
  decline: "done.decline",
  handOver: "done.handOver",
  notify: "done.notify",
  cancelNotify: "done.notifyCancelled",
  giveAccess: "done.access",
} as const satisfies Record<Outcome["kind"], MessageKey>;

export function outcomeWords({ kind, title, headMoved }: Outcome, t: Translate): string {
  const done = t(DONE[kind], { title });
  return headMoved ? `${done} ${t("warning.head_moved", { title })}` : done;
}

function winnerWords(row: Attachment, problem: Problem, voice: Voice): string {
  const { t, formats } = voice;
  const { lock } = problem;
  if (lock === null || lock.since === null) return t("problem.already_locked.plain", { title: row.title });
  const since = t("lock.since", { time: formats.moment(lock.since) });
  return t("problem.already_locked", { title: row.title, name: nameOf(lock.holder, t), since });
}

function lostWords(row: Attachment, problem: Problem, voice: Voice): string {
  const { title } = row;
  const ended = problem.lock?.lastEnded ?? null;
  return ended === null ? voice.t("problem.lock_lost", { title }) : voice.t("problem.lock_lost.how", { title, ended: endedWords(ended, voice) });
}

/** Return a refused action in words, with the new holder where the server names one. */
export function rowProblemWords(row: Attachment, problem: Problem, voice: Voice): string {
  const { title } = row;
  switch (problem.code) {
    case "already_locked":
      return winnerWords(row, problem, voice);
    case "lock_lost":
      return lostWords(row, problem, voice);
    case "ending":
    case "out_of_date":
    case "app_blocked":
    case "in_progress":
    case "not_found":
      return voice.t(`problem.${problem.code}`, { title });
    default:
      return problemWords(problem, voice.t);
  }
}

/** Return why the app could not be given access, and what to do by hand where the server refused. */
export function accessProblemWords(problem: Problem, t: Translate): string {
  const refused = problem.code === "app_blocked" || problem.code === "forbidden";
  return refused ? t("access.byHand") : problemWords(problem, t);
}

/** Return where an upload stands, or why there is none. */
export function uploadWords(row: Attachment, upload: Upload, voice: Voice): string {
  const { t, formats } = voice;
  const { title } = row;
  const file = typeof upload.file === "string" ? upload.file : upload.file.name;
  switch (upload.step) {
    case "refused":
      return refusedWords(row, upload.why, file, voice);
    case "confirm":
      return t("upload.confirm", { file, title });
    case "checking":
      return t("upload.checking");
    case "sending":
      return t("upload.sending", { file, size: formats.size(upload.file.size) });
    case "unchecked":
      return t("upload.failed.unchecked", { reason: problemWords(upload.problem, t) });
    case "failed":
      return t(`upload.failed.${upload.why}`, { file, size: formats.size(upload.file.size) });
    case "sent":
      return row.version === null ? t("upload.sent.noVersion", { file }) : t("upload.sent", { file, version: row.version });
  }
}

function refusedWords(row: Attachment, why: Extract<Upload, { step: "refused" }>["why"], file: string, { t }: Voice): string {
  return t(`upload.refused.${why}`, { file, title: row.title, name: nameOf(row.lock.holder, t) });
}

/** Return what a row says to a file above it. */
export function dropWords(row: Attachment, mayEdit: boolean, voice: Voice): string {
  const obstacle = obstacleOf(row, mayEdit);
  return obstacle === null ? voice.t("upload.drop") : refusedWords(row, obstacle, "", voice);
}
