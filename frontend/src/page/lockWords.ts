/** Sentences about a lock: its state, what it protects, how long it lasts, how the last one ended. */
import type { EndReason, LastEnded, LockView, Person } from "../api";
import type { Translate } from "../messages";
import { nameOf, type Voice } from "../voice";
import { isHeld } from "./rows";

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
