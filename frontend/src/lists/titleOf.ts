/** What a file is called in a list or the macro. */
import type { Translate } from "../messages";

/** Return a file's name; who may not see its page any more is told only that there is one. */
export function titleOf(title: string | null, t: Translate): string {
  if (title === null) return t("lists.hidden");
  return title === "" ? t("lists.nameless") : title;
}
