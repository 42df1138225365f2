/** What the log says, and what is asked of it. No rendering. */
import type { AuditKind, AuditQuery, AuditRow } from "../api";
import type { MessageKey, Translate } from "../messages";
import { reasonOf } from "../health/rules";

export const KINDS: readonly AuditKind[] = [
  "acquired", "released", "extended", "broken", "taken_over", "handed_over", "expired", "shortened", "holder_gone", "file_gone", "rebased",
  "conflict", "restored", "renamed_back", "undeleted", "flagged", "settings_changed", "test_mail", "person_erased", "healed",
  "signed_again", "duplicate_removed", "recovered",
];

/** What the person chose; days are those of the person's zone, the last one included. */
export interface Filters {
  readonly from: string;
  readonly to: string;
  readonly event: AuditKind | "";
  readonly account: string | null;
  readonly attachment: string;
}

export const NO_FILTERS: Filters = { from: "", to: "", event: "", account: null, attachment: "" };

const ATTACHMENT = /^(att)?[1-9][0-9]{0,18}$/;

export function fileIsWrong({ attachment }: Pick<Filters, "attachment">): boolean {
  return attachment.trim() !== "" && !ATTACHMENT.test(attachment.trim());
}

/** Return how far a zone is ahead of UTC at a time, in milliseconds. */
function ahead(at: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)])) as Readonly<Record<string, number>>;
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}

/** Return when a day (`2026-11-28`) begins in a zone, some days later; null for a text that is no day. */
export function startOfDay(day: string, timeZone: string, later = 0): string | null {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (!Number.isFinite(midnight)) return null;
  const wanted = midnight + later * 86_400_000;
  const guess = wanted - ahead(wanted, timeZone);
  return new Date(wanted - ahead(guess, timeZone)).toISOString();
}

export function queryOf({ from, to, event, account, attachment }: Filters, timeZone: string): AuditQuery {
  const file = attachment.trim();
  return {
    from: startOfDay(from, timeZone),
    to: startOfDay(to, timeZone, 1),
    event: event === "" ? null : event,
    account,
    attachment: file === "" || fileIsWrong({ attachment }) ? null : file,
  };
}

export function isFiltered(filters: Filters): boolean {
  return JSON.stringify(filters) !== JSON.stringify(NO_FILTERS);
}

function settingsKey(detail: string | null): MessageKey & `audit.says.settings_changed${string}` {
  if (detail === "mails") return "audit.says.settings_changed.mails";
  return detail?.startsWith("space/") === true ? "audit.says.settings_changed.space" : "audit.says.settings_changed";
}

/** Return the row as a sentence. */
export function sentence(row: Pick<AuditRow, "event" | "person" | "detail">, t: Translate): string {
  const name = row.person?.displayName ?? "";
  const person = row.person === null ? t("audit.nobody") : name === "" ? t("audit.unknown") : name;
  switch (row.event) {
    case "settings_changed": return t(settingsKey(row.detail), { person });
    case "flagged": return t("audit.says.flagged", { reason: t(`health.reason.${reasonOf(row.detail)}`) });
    case "acquired": case "extended": case "rebased": case "released": case "broken": case "taken_over": case "handed_over": case "conflict":
    case "test_mail":
      return t(`audit.says.${row.event}`, { person });
    default:
      return t(`audit.says.${row.event}`);
  }
}
