/** Values and problems of settings in words. */
import type { Translate } from "../messages";
import { chosenName } from "../ui/TypeAhead";
import type { NameBook } from "../ui/nameBook";
import type { Voice } from "../voice";
import type { FieldProblem, Name, Value } from "./rules";

export function labelOf(name: Name, t: Translate): string {
  return t(`settings.${name}.label`);
}

export const UNIT = { warnAfterHours: "hours", unlockAfterHours: "hours", longestDays: "days", restores: "times" } as const;

function countWords(name: Name, count: number, t: Translate): string {
  if (!Number.isFinite(count)) return t("settings.problem.refused");
  return t(`settings.${UNIT[name as keyof typeof UNIT]}`, { count });
}

/** Return a value that holds in words. */
export function valueWords(name: Name, value: Value, voice: Voice, book: NameBook): string {
  const { t, locale } = voice;
  if (typeof value === "boolean") return t(value ? "settings.on" : "settings.off");
  if (typeof value === "number") return countWords(name, value, t);
  if (value === null || value === undefined) return t("settings.never");
  const names = (value as readonly string[]).map((id) => chosenName(id, book, voice));
  return names.length === 0 ? t("settings.none") : new Intl.ListFormat(locale, { style: "short", type: "unit" }).format(names);
}

export function problemText(problem: FieldProblem, t: Translate): string {
  switch (problem.kind) {
    case "range": return t("settings.problem.range", { least: problem.least, most: problem.most });
    case "warnFirst": return t("settings.problem.warnFirst");
    case "tooLong":
      return problem.days === null
        ? t("settings.problem.tooLongForSite") : t("settings.problem.tooLong", { days: t("settings.days", { count: problem.days }) });
    case "refused": return t("settings.problem.refused");
  }
}

