/** What a viewer may choose about mails, and whether they changed it. */
import type { OptionalMail, Preferences } from "../api";

/** In the order in which they come to a holder. */
export const OPTIONAL_MAILS: readonly OptionalMail[] = [
  "lockWillEnd", "lockEnded", "overwriteAttempt", "unprotected", "editRequest", "editAnswer", "endlessLocks",
];

export const MAIL_LANGUAGES = ["en", "de", "fr", "ja", "nl", "ru"] as const;

export function withMail(now: Preferences, mail: OptionalMail, wanted: boolean): Preferences {
  return { ...now, mails: { ...now.mails, [mail]: wanted } };
}

export function changed(stored: Preferences, now: Preferences): boolean {
  const mails = OPTIONAL_MAILS.some((mail) => stored.mails[mail] !== now.mails[mail]);
  return mails || stored.locale !== now.locale || stored.timeZone !== now.timeZone || stored.restricted !== now.restricted;
}

/** Return the languages to choose from, with one that was stored otherwise. */
export function languagesFor({ locale }: Preferences): readonly string[] {
  return locale === null || (MAIL_LANGUAGES as readonly string[]).includes(locale) ? MAIL_LANGUAGES : [...MAIL_LANGUAGES, locale];
}

/** Return a language's own name. */
export function languageName(tag: string): string {
  return new Intl.DisplayNames([tag], { type: "language" }).of(tag) ?? tag;
}

/** Return the zones that this browser knows, with the stored one. */
export function zonesFor({ timeZone }: Preferences): readonly string[] {
  const known = Intl.supportedValuesOf("timeZone");
  return timeZone === null || known.includes(timeZone) ? known : [timeZone, ...known];
}
