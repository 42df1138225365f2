/** The translations of the screens, as gettext catalogues beside those of the mails. */
import { po, type GetTextTranslation } from "gettext-parser";

/** A text of English: one form, or the two of a plural. */
export type English = string | { readonly one: string; readonly other: string };

export interface Translation {
  readonly key: string;
  /** The English form or forms that were translated. */
  readonly english: readonly string[];
  /** The translated form or forms, in gettext's order; empty where there is none yet. */
  readonly texts: readonly string[];
  /** Whether the English changed since. */
  readonly unsure: boolean;
}

export type Texts = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

const CATEGORIES = ["zero", "one", "two", "few", "many", "other"] as const satisfies readonly Intl.LDMLPluralRule[];
/** Plural rules repeat after a hundred; French has another form for millions, which gettext leaves out. */
const ENOUGH = 200;

export function formsOf(english: English): readonly string[] {
  return typeof english === "string" ? [english] : [english.one, english.other];
}

/** Return the categories of whole numbers in a language, in gettext's order of forms. */
export function pluralCategories(language: string): readonly Intl.LDMLPluralRule[] {
  const rules = new Intl.PluralRules(language);
  const reached = new Set(Array.from({ length: ENOUGH }, (_, count) => rules.select(count)));
  return CATEGORIES.filter((category) => reached.has(category));
}

export function entriesOf(content: string): readonly GetTextTranslation[] {
  const { translations } = po.parse(content);
  const all = Object.values(translations).flatMap((entries) => Object.values(entries));
  return all.filter(({ msgid }) => msgid !== "");
}

/** Return what a catalogue says, in its order. Throws on a file that is no catalogue. */
export function translationsIn(content: string): readonly Translation[] {
  return entriesOf(content).map(({ msgctxt, msgid, msgid_plural, msgstr, comments }) => ({
    key: msgctxt ?? "",
    english: msgid_plural === undefined ? [msgid] : [msgid, msgid_plural],
    texts: msgstr,
    unsure: comments?.flag?.includes("fuzzy") ?? false,
  }));
}

function pluralOf(texts: readonly string[], language: string): Readonly<Record<string, string>> {
  const named = pluralCategories(language).map((category, index) => [category, texts[index] ?? ""]);
  // Fractions, and millions in French.
  return Object.fromEntries([["other", texts.at(-1) ?? ""], ...named]) as Readonly<Record<string, string>>;
}

/** Return the English of texts that were translated, by key. */
function englishOf(translations: readonly Translation[]): Texts {
  return Object.fromEntries(translations.map(({ key, english: [one = "", other] }) => [key, other === undefined ? one : { one, other }]));
}

/** Return the texts of a language by key; what is not translated yet is in English. */
export function textsOf(translations: readonly Translation[], language: string): Texts {
  const whole = translations.filter(({ texts, unsure }) => !unsure && texts.length > 0 && texts.every((text) => text !== ""));
  const translated = whole.map(({ key, english, texts }) => [key, english.length === 1 ? texts[0] ?? "" : pluralOf(texts, language)]);
  return { ...englishOf(translations), ...Object.fromEntries(translated) as Texts };
}
