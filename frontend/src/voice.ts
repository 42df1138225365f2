/** How the screens speak to their viewer. */
import type { Person } from "./api";
import { formatsFor, type Formats } from "./formats";
import type { HostContext } from "./host";
import { shownLocale, translator, type Translate } from "./messages";
// Every screen shows these.
import "./messages/parts/common";
import "./messages/parts/notices";

/** Language, formats and identity of the viewer, for every component. */
export interface Voice {
  readonly t: Translate;
  readonly formats: Formats;
  readonly locale: string;
  /** The viewer's account id; null until the server sent it. */
  readonly me: string | null;
}

export function nameOf(person: Person | null, t: Translate): string {
  const name = person?.displayName ?? "";
  return name === "" ? t("person.unknown") : name;
}

/** Return a voice in the viewer's language and zone. */
export function voiceFor({ locale, timeZone }: Pick<HostContext, "locale" | "timeZone">): Voice {
  return { t: translator(locale), formats: formatsFor(shownLocale(locale), timeZone), locale, me: null };
}
