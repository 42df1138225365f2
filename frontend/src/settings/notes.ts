/** What saving would do at once, where it is more than the sentence at the setting says. */
import type { Form } from "./useStore";

export function activeNote({ before, after, voice: { t } }: Form): string | null {
  if (before.active === after.active) return null;
  return t(after.active === true ? "settings.active.goesOn" : "settings.active.goesOff");
}

export function strictNote({ before, after, voice: { t } }: Form): string | null {
  return before.strict === false && after.strict === true ? t("settings.strict.goesOn") : null;
}
