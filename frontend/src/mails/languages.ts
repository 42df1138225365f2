/** The languages of mails. */

const LANGUAGES: readonly string[] = ["en", "de", "fr", "nl", "ja", "ru"];

/** Return the language of mails that fits the viewer's. */
export function firstLanguage(locale: string): string {
  const own = locale.split("-")[0] ?? "en";
  return LANGUAGES.includes(own) ? own : "en";
}

/** Return a language's name, in the viewer's. */
export function languageName(language: string, locale: string): string {
  const name = new Intl.DisplayNames([locale, "en"], { type: "language" }).of(language) ?? language;
  return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
}
