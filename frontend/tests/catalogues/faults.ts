/** What is wrong with a language's texts. */
import { formsOf, pluralCategories, translationsIn, type English, type Translation } from "../../catalogues/po";

const SAME_EVERYWHERE: readonly string[] = ["Lockpoint", "v{version}"];
/** Words that are the same in English and this language. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  de: ["Name"],
  fr: ["Type", "Options", "Actions", "Note"],
  nl: ["Type"],
  ja: [],
  ru: [],
};

const NO_BREAK = "\u00a0\u202f";
const FRENCH_SPACES = new RegExp(`(^|[^${NO_BREAK}])[:;!?»]|«[^${NO_BREAK}]`);
const ENDS: readonly (readonly [end: string, translated: RegExp])[] = [
  [".", /[.。]$/], ["…", /…$/], [":", /[:：]$/], ["?", /[?？]$/], ["", /[^.。…:：?？]$/],
];

function placeholders(text: string): string {
  return [...new Set(text.match(/\{\w*\}?/g))].sort().join(" ");
}

function isWord(text: string): boolean {
  return /\p{L}/u.test(text.replace(/\{\w+\}/g, ""));
}

/** Return what the typography of a language forbids in a text. */
function typography(text: string, english: string, language: string): readonly string[] {
  const end = ENDS.find(([mark]) => english.endsWith(mark))?.[1] ?? /$/;
  return [
    ...(/["'`]|\.\.\./.test(text) ? ["typewriter quotes or dots"] : []),
    ...(language === "fr" && FRENCH_SPACES.test(text) ? ["a space that breaks"] : []),
    ...(text !== text.trim() || /[<>]/.test(text) ? ["spaces or markup"] : []),
    ...(end.test(text) ? [] : ["another end"]),
  ];
}

function textFaults(text: string, english: readonly string[], language: string): readonly string[] {
  const last = english.at(-1) ?? "";
  const untranslated = english.includes(text) && isWord(text) && ![...SAME_EVERYWHERE, ...(SAME[language] ?? [])].includes(text);
  return [
    ...(placeholders(text) === placeholders(last) ? [] : ["placeholders"]),
    ...(untranslated ? ["English"] : []),
    ...typography(text, last, language),
  ];
}

function faultsOf(found: Translation, english: readonly string[], language: string): readonly string[] {
  const forms = english.length === 1 ? 1 : pluralCategories(language).length;
  if (found.texts.every((text) => text === "")) return ["missing"];
  if (found.unsure) return ["fuzzy"];
  if (JSON.stringify(found.english) !== JSON.stringify(english)) return ["translated from another English"];
  if (found.texts.length !== forms || found.texts.includes("")) return ["forms"];
  return [...new Set(found.texts.flatMap((text) => textFaults(text, english, language)))];
}

/** Return every fault of a catalogue, as `what: key`. */
export function faults(content: string, english: Readonly<Record<string, English>>, language: string): readonly string[] {
  const all = translationsIn(content);
  const superfluous = all.filter(({ key }) => !(key in english)).map(({ key }) => `superfluous: ${key}`);
  const wrong = Object.entries(english).flatMap(([key, text]) => {
    const [first, ...more] = all.filter((one) => one.key === key);
    const why = first === undefined ? ["missing"] : faultsOf(first, formsOf(text), language);
    return [...why, ...more.map(() => "twice")].map((fault) => `${fault}: ${key}`);
  });
  return [...superfluous, ...wrong, ...(content.includes("#~") ? ["commented out: some"] : [])];
}
