/** Search, filter and order of the list: pure functions of what the server sent. */
import type { Attachment, LockView } from "../api";

export const FILTERS = ["all", "free", "mine", "other", "attention"] as const;
export type Filter = (typeof FILTERS)[number];

export const SORT_KEYS = ["name", "type", "size", "state", "owner", "since", "endsIn", "waiting"] as const;
export type SortKey = (typeof SORT_KEYS)[number];
export interface Sort {
  readonly key: SortKey;
  readonly descending: boolean;
}

export interface Choice {
  readonly query: string;
  readonly filter: Filter;
  readonly sort: Sort;
}

export const EVERYTHING: Choice = { query: "", filter: "all", sort: { key: "name", descending: false } };

/** Whether somebody's lock is recorded, protected or not. */
export function isHeld(lock: LockView): boolean {
  return lock.state === "mine" || lock.state === "other";
}

/** Whether a recorded lock does not protect its file now, or nothing is known of the file. */
export function needsAttention(lock: LockView): boolean {
  return lock.state === "unreadable" || (isHeld(lock) && lock.protection !== "protected");
}

/** Whether the viewer waits and may stop: where the app is shut out, it writes for those alone who may edit the page. */
export function mayStopWaiting({ notifyMe, can, unprotectedReason }: LockView): boolean {
  return notifyMe.asked && (unprotectedReason !== "app_blocked" || can.giveAccess);
}

/** How many of these files somebody has locked. */
export function lockedCount(rows: readonly Attachment[]): number {
  return rows.filter(({ lock }) => isHeld(lock)).length;
}

/** Return the file name's extension in capitals, or else the media type's subtype. */
export function fileType(attachment: Attachment): string {
  const dot = attachment.title.lastIndexOf(".");
  const ending = dot > 0 ? attachment.title.slice(dot + 1) : "";
  if (/^[\p{L}\p{N}]{1,8}$/u.test(ending)) return ending.toUpperCase();
  const kind = (attachment.mediaType ?? "").split(/[/;]/)[1] ?? "";
  return kind.split(".").at(-1)?.toUpperCase() ?? "";
}

function matchesFilter(lock: LockView, filter: Filter): boolean {
  switch (filter) {
    case "all":
      return true;
    case "attention":
      return needsAttention(lock);
    default:
      return lock.state === filter;
  }
}

/** Return a text for comparing: however a letter was typed, in whatever case, "ß" as "ss"; as `domain/words.py` does. */
export function folded(text: string): string {
  return text.normalize("NFKC").toUpperCase().toLowerCase().replaceAll("i\u0307", "i").replaceAll("ς", "σ").normalize("NFC");
}

function matchesQuery(attachment: Attachment, words: readonly string[]): boolean {
  const text = folded(`${attachment.title} ${attachment.lock.holder?.displayName ?? ""}`);
  return words.every((word) => text.includes(word));
}

const STATE_ORDER: Readonly<Record<LockView["state"], number>> = { mine: 0, other: 1, ending: 2, free: 3, unreadable: 4 };

type SortValue = string | number | null;

function sortValue(attachment: Attachment, key: SortKey): SortValue {
  const { lock } = attachment;
  switch (key) {
    case "name":
      return attachment.title;
    case "type":
      return fileType(attachment);
    case "size":
      return attachment.fileSize;
    case "state":
      return STATE_ORDER[lock.state] + (needsAttention(lock) ? -0.5 : 0);
    case "owner":
      return lock.holder?.displayName ?? null;
    case "since":
      return lock.since === null ? null : Date.parse(lock.since);
    case "endsIn":
      if (!isHeld(lock)) return null;
      return lock.secondsLeft ?? Number.MAX_SAFE_INTEGER;
    case "waiting":
      return lock.notifyMe.count;
  }
}

function comparator(sort: Sort, locale: string): (a: Attachment, b: Attachment) => number {
  const collator = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
  const byName = (a: Attachment, b: Attachment): number =>
    collator.compare(a.title, b.title) || (a.id < b.id ? -1 : 1);
  return (a, b) => {
    const [left, right] = [sortValue(a, sort.key), sortValue(b, sort.key)];
    // Rows that have no value stay at the end in both directions.
    if (left === null || right === null) return left === right ? byName(a, b) : left === null ? 1 : -1;
    const order =
      typeof left === "string" ? collator.compare(left, String(right)) : left - Number(right);
    return (sort.descending ? -order : order) || byName(a, b);
  };
}

/** Return the rows to show, in order; equal rows are ordered by name, so that a refresh never reorders them. */
export function choose(all: readonly Attachment[], choice: Choice, locale: string): readonly Attachment[] {
  const words = folded(choice.query).split(/\s+/).filter((word) => word !== "");
  return all
    .filter((row) => matchesFilter(row.lock, choice.filter) && matchesQuery(row, words))
    .sort(comparator(choice.sort, locale));
}
