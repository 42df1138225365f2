/** The texts on the screen. The compiler checks every key and the placeholders that its text needs. */
import { en } from "./en";

type Reference = typeof en;
export type MessageKey = keyof Reference;

type PluralForms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };
type Entry<T> = T extends string ? string : PluralForms;
/** What a language supplies: the keys of English, with plural forms where English has them. */
export type Catalogue = { readonly [K in MessageKey]: Entry<Reference[K]> };

type Placeholder<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Placeholder<Rest> : never;
type Text<T> = T extends { readonly other: infer Other } ? Other : T;
type Needed<K extends MessageKey> = Placeholder<Text<Reference[K]>>;
type Values<K extends MessageKey> = { readonly [P in Needed<K>]: P extends "count" ? number : string | number };
type Arguments<K extends MessageKey> = [Needed<K>] extends [never] ? [] : [Values<K>];

export type Translate = <K extends MessageKey>(key: K, ...values: Arguments<K>) => string;

type Catalogues = Partial<Record<string, Catalogue>>;

/** Padded English with accents, to see which texts break a layout or are in no catalogue. */
export const PSEUDO = "en-XA";
const LONGEST_WAIT_MS = 10_000;

/** The languages that can be shown now. English is here from the start; `learn` adds the viewer's. */
const known: Catalogues = { en };

const files = import.meta.glob<Partial<Catalogue>>("../../../lockpoint/locale/*/LC_MESSAGES/screens.po", { import: "default" });

function languageOf(locale: string): string {
  return locale === PSEUDO ? PSEUDO : locale.split("-")[0] ?? "en";
}

function loaderOf(language: string): (() => Promise<Partial<Catalogue>>) | undefined {
  if (language === PSEUDO) return async () => (await import("./pseudo")).padded(en);
  return files[`../../../lockpoint/locale/${language}/LC_MESSAGES/screens.po`];
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("It took too long.")), LONGEST_WAIT_MS);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** Load the viewer's language. Where it does not arrive, the screen is in English, and the console says so. */
export async function learn(locale: string, load = loaderOf(languageOf(locale)), catalogues = known): Promise<void> {
  const language = languageOf(locale);
  if (load === undefined || catalogues[language] !== undefined) return;
  try {
    catalogues[language] = { ...en, ...(await inTime(load())) };
  } catch (error) {
    console.warn(`Lockpoint is in English, because its texts in the language "${language}" did not load.`, error);
  }
}

/** Return the locale of texts, numbers and dates: the viewer's where we speak it, else English with the viewer's region. */
export function shownLocale(locale: string, catalogues = known): string {
  if (catalogues[languageOf(locale)] !== undefined) return locale;
  const { region } = new Intl.Locale(locale);
  return region === undefined ? "en" : `en-${region}`;
}

function fill(text: string, values: Readonly<Record<string, string | number>>, numbers: Intl.NumberFormat): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? numbers.format(value) : value;
  });
}

/** Return the translate function for a BCP 47 tag; a language that was not learnt is shown in English. */
export function translator(locale: string, catalogues = known): Translate {
  const catalogue = catalogues[languageOf(locale)] ?? en;
  const shown = shownLocale(locale, catalogues);
  const plurals = new Intl.PluralRules(shown);
  const numbers = new Intl.NumberFormat(shown);
  return (key, ...rest) => {
    const values: Readonly<Record<string, string | number>> = rest[0] ?? {};
    const entry: string | PluralForms = catalogue[key];
    if (typeof entry === "string") return fill(entry, values, numbers);
    return fill(entry[plurals.select(Number(values["count"]))] ?? entry.other, values, numbers);
  };
}
