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

/** Catalogues by language subtag; a language gets a file beside `en.ts`. */
const catalogues: Readonly<Record<string, Catalogue>> = { en };

function fill(text: string, values: Readonly<Record<string, string | number>>, numbers: Intl.NumberFormat): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? numbers.format(value) : value;
  });
}

/** Return the tag of the language shown: the viewer's where there is a catalogue, else English. */
export function shownLanguage(locale: string, available = catalogues): string {
  return available[languageOf(locale)] === undefined ? "en" : locale;
}

function languageOf(locale: string): string {
  return locale.split("-")[0] ?? "en";
}

/** Return the translate function for a BCP 47 tag; a language without a catalogue is shown in English. */
export function translator(locale: string, available = catalogues): Translate {
  const catalogue = available[languageOf(locale)] ?? en;
  const shown = shownLanguage(locale, available);
  const plurals = new Intl.PluralRules(shown);
  const numbers = new Intl.NumberFormat(shown);
  return (key, ...rest) => {
    const values: Readonly<Record<string, string | number>> = rest[0] ?? {};
    const entry: string | PluralForms = catalogue[key];
    if (typeof entry === "string") return fill(entry, values, numbers);
    return fill(entry[plurals.select(Number(values["count"]))] ?? entry.other, values, numbers);
  };
}
