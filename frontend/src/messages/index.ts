/** The texts on the screen. The compiler checks every key and the placeholders that its text needs. */
import type { en } from "./en";

type Reference = typeof en;
export type MessageKey = keyof Reference;

type PluralForms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };
/** Texts by key, with plural forms where English has them. */
export type Catalogue = Partial<Readonly<Record<string, string | PluralForms>>>;

type Placeholder<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Placeholder<Rest> : never;
type Text<T> = T extends { readonly other: infer Other } ? Other : T;
type Needed<K extends MessageKey> = Placeholder<Text<Reference[K]>>;
type Values<K extends MessageKey> = { readonly [P in Needed<K>]: P extends "count" ? number : string | number };
type Arguments<K extends MessageKey> = [Needed<K>] extends [never] ? [] : [Values<K>];

export type Translate = <K extends MessageKey>(key: K, ...values: Arguments<K>) => string;

/** Texts that are loaded together: what loads English, and each translation by the name of its file. */
interface Part {
  readonly english: () => Promise<Catalogue>;
  readonly files: Readonly<Record<string, () => Promise<Catalogue>>>;
  /** The languages that were asked for. */
  readonly asked: Map<string, Promise<Catalogue>>;
}

/** Padded English with accents, to see which texts break a layout or are in no catalogue. */
export const PSEUDO = "en-XA";
const LONGEST_WAIT_MS = 10_000;

function languageOf(locale: string): string {
  return locale === PSEUDO ? PSEUDO : locale.split("-")[0] ?? "en";
}

function loaderOf({ english, files }: Part, language: string): (() => Promise<Catalogue>) | undefined {
  if (language === "en") return english;
  if (language === PSEUDO) return async () => (await import("./pseudo")).padded(await english());
  const name = Object.keys(files).find((file) => file.includes(`/locale/${language}/`));
  return name === undefined ? undefined : files[name];
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("It took too long.")), LONGEST_WAIT_MS);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** Return a part in a language, asked for once; what is not translated yet is in English there. */
async function translated(part: Part, language: string): Promise<Catalogue> {
  const load = loaderOf(part, language);
  if (load === undefined) return {};
  const answer = part.asked.get(language) ?? inTime(load());
  part.asked.set(language, answer);
  answer.catch(() => part.asked.delete(language));
  return answer;
}

function fill(text: string, values: Readonly<Record<string, string | number>>, numbers: Intl.NumberFormat): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? numbers.format(value) : value;
  });
}

/** The texts that are here now, in each language. */
export class Texts {
  private readonly parts: Part[] = [];
  private readonly known: Record<string, Record<string, Catalogue[string]>> = { en: {} };

  /** Add a part. Code does so by importing a file of `parts` when it is loaded. */
  readonly teach = (english: Part["english"], files: Part["files"]): void => {
    this.parts.push({ english, files, asked: new Map() });
  };

  /** Load the viewer's language for all that is here; English where we do not speak it, or where it does not arrive, and the console says so. */
  readonly learn = async (locale: string): Promise<void> => {
    const language = languageOf(locale);
    if (language !== "en" && this.parts.some((part) => loaderOf(part, language) !== undefined)) {
      try {
        return await this.load(language);
      } catch (error) {
        console.warn(`Lockpoint is in English, because its texts in the language "${language}" did not load.`, error);
      }
    }
    await this.load("en");
  };

  private async load(language: string): Promise<void> {
    const texts = await Promise.all(this.parts.map(async (part) => translated(part, language)));
    this.known[language] = Object.assign(this.known[language] ?? {}, ...texts);
  }

  /** Return the locale of texts, numbers and dates: the viewer's where we speak it, else English with the viewer's region. */
  readonly shownLocale = (locale: string): string => {
    if (this.known[languageOf(locale)] !== undefined) return locale;
    const { region } = new Intl.Locale(locale);
    return region === undefined ? "en" : `en-${region}`;
  };

  /** Return the translate function for a BCP 47 tag; a language that was not learnt is shown in English. */
  readonly translator = (locale: string): Translate => {
    const english = this.known["en"] ?? {};
    const catalogue = this.known[languageOf(locale)] ?? english;
    const shown = this.shownLocale(locale);
    const plurals = new Intl.PluralRules(shown);
    const numbers = new Intl.NumberFormat(shown);
    return (key, ...rest) => {
      const values: Readonly<Record<string, string | number>> = rest[0] ?? {};
      const entry = catalogue[key] ?? english[key] ?? key;
      if (typeof entry === "string") return fill(entry, values, numbers);
      return fill(entry[plurals.select(Number(values["count"]))] ?? entry.other, values, numbers);
    };
  };
}

export const { teach, learn, shownLocale, translator } = new Texts();
