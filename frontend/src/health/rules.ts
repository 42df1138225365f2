/** What health means: which remedy a reason has, which files are where, what is green. No rendering. */
import type { Health, UnprotectedLocks } from "../api";
import type { health as texts } from "../messages/en/health";

type Key = keyof typeof texts;
type Words<P extends string> = Key extends infer K ? (K extends `${P}.${infer W}` ? (W extends `${string}.${string}` ? never : W) : never) : never;
export type Reason = Words<"health.reason">;
export type MailResult = Words<"health.mail">;
export type JobWord = Words<"health.job">;

const REASONS: ReadonlySet<string> = new Set<Reason>([
  "app_blocked", "restore_refused", "too_large", "paused", "own_account_unknown", "own_upload_without_source", "order_unclear",
  "baseline_lost", "history_incomplete",
]);
const RESULTS: ReadonlySet<string> = new Set<MailResult>([
  "sent", "refused", "not_visible", "overtaken", "switched_off_by_recipient", "site_inactive", "commented",
]);
const JOBS: ReadonlySet<string> = new Set<JobWord>([
  "reconcile", "trashed", "sweep", "switched", "moved", "rediscover", "self_test", "page_hint", "send_mail", "confirm", "profile", "erase",
  "report_accounts", "goodbye", "copy_texts",
]);
/** Results of mails that told nobody, because Confluence gives no address. */
const NO_ADDRESS: ReadonlySet<string> = new Set(["not_approved", "unknown", "switched_off", "hidden"]);

/** Return the reason in our words; a newer server may know more. */
export function reasonOf(reason: string | null): Reason {
  return reason !== null && REASONS.has(reason) ? (reason as Reason) : "other";
}

export function jobOf(kind: string): JobWord {
  return JOBS.has(kind) ? (kind as JobWord) : "other";
}

function resultOf(result: string): MailResult {
  if (NO_ADDRESS.has(result)) return "noAddress";
  return RESULTS.has(result) ? (result as MailResult) : "other";
}

/** Return the number of mails by what we call the result, most first. */
export function mailsByResult(results: Readonly<Record<string, number>>): readonly (readonly [MailResult, number])[] {
  const sums = new Map<MailResult, number>();
  for (const [word, count] of Object.entries(results)) sums.set(resultOf(word), (sums.get(resultOf(word)) ?? 0) + count);
  return [...sums].sort(([, one], [, other]) => other - one);
}

export interface Group {
  readonly reason: Reason;
  readonly count: number;
  readonly files: UnprotectedLocks["items"];
}

/** Return locks that do not protect, by reason, most first; files whose reason changed meanwhile are left for the next look. */
export function grouped(reasons: Health["locks"]["unprotected"], listed: UnprotectedLocks["items"]): readonly Group[] {
  const counts = new Map<Reason, number>();
  for (const { reason, count } of reasons) counts.set(reasonOf(reason), (counts.get(reasonOf(reason)) ?? 0) + count);
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([reason, count]) => ({ reason, count, files: listed.filter(({ lock }) => reasonOf(lock.unprotectedReason) === reason) }));
}

export function unprotectedCount({ locks }: Pick<Health, "locks">): number {
  return locks.unprotected.reduce((sum, { count }) => sum + count, 0);
}

export type Undoing = "works" | "copy" | "refused" | "unknown";

/** Return how uploads are undone here. */
export function undoing(result: "works" | "refused" | "unknown", copyMode: boolean): Undoing {
  return result === "refused" && copyMode ? "copy" : result;
}

const ENDING_MS = 30 * 60_000;

/** A token of Forge lives for hours and is renewed hourly: near its end, renewals were missed. */
export function accessState({ accessUntil }: NonNullable<Health["forge"]>, now: string): "good" | "ending" | "none" {
  if (accessUntil === null) return "none";
  return Date.parse(accessUntil) - Date.parse(now) < ENDING_MS ? "ending" : "good";
}

const LOW = 0.8;

export function pointsState({ used, most, blockedUntil }: NonNullable<Health["points"]>, now: string): "blocked" | "low" | "unknown" | "good" {
  if (blockedUntil !== null && Date.parse(blockedUntil) > Date.parse(now)) return "blocked";
  if (used === null) return "unknown";
  return used >= LOW * most ? "low" : "good";
}
