// @vitest-environment node
import { po } from "gettext-parser";
import { describe, expect, test } from "vitest";
import { catalogueOf, languages } from "../../catalogues/files";
import { pluralCategories, textsOf, translationsIn } from "../../catalogues/po";
import { updated } from "../../catalogues/update";
import { en } from "../../src/messages/en";
import { faults } from "./faults";

describe.each(languages())("the texts in %s", (language) => {
  const content = catalogueOf(language);

  test("are in good form, complete, and no more than English has", () => {
    expect(faults(content, en, language)).toEqual([]);
  });

  test("stand as `bin/npm run messages` writes them", () => {
    expect(updated(content, catalogueOf(language, "lockpoint"), en, language).content).toBe(content);
  });

  test("count as the browser counts", () => {
    const rule = /nplurals=(\d+); plural=(.*);/.exec(po.parse(content).headers["Plural-Forms"] ?? "") ?? [];
    const form = new Function("n", `return Number(${rule[2] ?? ""})`) as (count: number) => number;
    const categories = pluralCategories(language);
    const counts = Array.from({ length: 1_000 }, (_, count) => count);
    expect(Number(rule[1])).toBe(categories.length);
    expect(counts.map((count) => categories[form(count)])).toEqual(counts.map((count) => new Intl.PluralRules(language).select(count)));
  });
});

const ENGLISH = {
  "file.open": "Open {title}",
  "file.gone": "It's gone.",
  "page.count": { one: "{count} file", other: "{count} files" },
};
const GERMAN = `msgid ""
msgstr "Language: de\\n"

msgctxt "file.open"
msgid "Open {title}"
msgstr "„{title}“ öffnen"

msgctxt "file.gone"
msgid "It's gone."
msgstr "Sie ist weg."

msgctxt "page.count"
msgid "{count} file"
msgid_plural "{count} files"
msgstr[0] "{count} Datei"
msgstr[1] "{count} Dateien"
`;

describe("a planted fault is found", () => {
  test("none without one", () => {
    expect(faults(GERMAN, ENGLISH, "de")).toEqual([]);
  });

  test.each([
    ['msgctxt "file.open"', 'msgctxt "file.old"', ["superfluous: file.old", "missing: file.open"]],
    ['msgctxt "file.gone"', 'msgctxt "file.open"', ["twice: file.open", "missing: file.gone"]],
    ['msgstr "„{title}“ öffnen"', 'msgstr ""', ["missing: file.open"]],
    ['msgstr "„{title}“ öffnen"', 'msgstr "Open {title}"', ["English: file.open"]],
    ['msgstr "„{title}“ öffnen"', 'msgstr "„{titel}“ öffnen"', ["placeholders: file.open"]],
    ['msgstr "„{title}“ öffnen"', 'msgstr "„{title“ öffnen"', ["placeholders: file.open"]],
    ['msgstr "„{title}“ öffnen"', 'msgstr "Datei öffnen"', ["placeholders: file.open"]],
    ['msgstr "„{title}“ öffnen"', "msgstr \"'{title}' öffnen\"", ["typewriter quotes or dots: file.open"]],
    ['msgstr "„{title}“ öffnen"', 'msgstr "<b>{title}</b> öffnen"', ["spaces or markup: file.open"]],
    ['msgstr "„{title}“ öffnen"', 'msgstr "„{title}“ öffnen "', ["spaces or markup: file.open"]],
    ['msgstr "Sie ist weg."', 'msgstr "Sie ist weg"', ["another end: file.gone"]],
    ['msgid "Open {title}"', '#, fuzzy\nmsgid "Open {title}"', ["fuzzy: file.open"]],
    ['msgid "It\'s gone."', 'msgid "It went."', ["translated from another English: file.gone"]],
    ['msgstr[1] "{count} Dateien"', 'msgstr[1] ""', ["forms: page.count"]],
    ['\nmsgstr[1] "{count} Dateien"', "", ["forms: page.count"]],
    ['msgstr[1] "{count} Dateien"', 'msgstr[1] "Dateien"', ["placeholders: page.count"]],
    ['msgctxt "page.count"', '#~ msgid "old"\n#~ msgstr "alt"\n\nmsgctxt "page.count"', ["commented out: some"]],
  ])("%s → %s", (old, planted, found) => {
    expect(GERMAN.split(old)).toHaveLength(2);
    expect([...faults(GERMAN.replace(old, planted), ENGLISH, "de")].sort()).toEqual([...found].sort());
  });

  test("a language with more forms needs them all", () => {
    expect(faults(GERMAN, ENGLISH, "ru")).toContain("forms: page.count");
  });

  test("French keeps its marks with the word before", () => {
    const french = (text: string) => faults(`msgctxt "file.gone"\nmsgid "It's gone."\nmsgstr "${text}"\n`, { "file.gone": "It's gone." }, "fr");
    expect(french("Parti\u00a0: c’est fait.")).toEqual([]);
    expect(french("Parti : c’est fait.")).toEqual(["a space that breaks: file.gone"]);
    expect(french("« Parti\u00a0» est fait.")).toEqual(["a space that breaks: file.gone"]);
  });
});

describe("an update after English changed", () => {
  const mails = catalogueOf("de", "lockpoint");

  test("adds, marks and removes, and keeps what is translated", () => {
    const english = { "file.new": "New", "file.open": "Show {title}", "page.count": ENGLISH["page.count"] };
    const { content, added, changed, gone } = updated(GERMAN, mails, english, "de");
    expect({ added, changed, gone }).toEqual({ added: ["file.new"], changed: ["file.open"], gone: ["file.gone"] });
    expect(faults(content, english, "de")).toEqual(["missing: file.new", "fuzzy: file.open"]);
    expect(content).toContain('#, fuzzy\n#| msgid "Open {title}"\nmsgctxt "file.open"\nmsgid "Show {title}"\nmsgstr "„{title}“ öffnen"');
    expect(translationsIn(content).map(({ key }) => key)).toEqual(Object.keys(english));
  });

  test("begins a catalogue with the forms that its language has", () => {
    const { content } = updated("", catalogueOf("ru", "lockpoint"), ENGLISH, "ru");
    expect(content).toContain("Language: ru");
    expect(content).toContain('msgstr[0] ""\nmsgstr[1] ""\nmsgstr[2] ""');
  });

  test("changes nothing the second time", () => {
    const once = updated(GERMAN, mails, ENGLISH, "de").content;
    expect(updated(once, mails, ENGLISH, "de").content).toBe(once);
  });
});

describe("the build", () => {
  test("names plural forms as the browser does, with one for what gettext leaves out", () => {
    const russian = GERMAN.replace('msgstr[1] "{count} Dateien"', 'msgstr[1] "{count} файла"\nmsgstr[2] "{count} файлов"');
    expect(textsOf(translationsIn(russian), "ru")["page.count"]).toEqual({
      one: "{count} Datei", few: "{count} файла", many: "{count} файлов", other: "{count} файлов",
    });
  });

  test("takes English for what is not translated or no longer sure, with the plural of English", () => {
    const gaps = GERMAN.replace('msgstr "„{title}“ öffnen"', 'msgstr ""').replace('msgctxt "page.count"', '#, fuzzy\nmsgctxt "page.count"');
    expect(textsOf(translationsIn(gaps), "de")).toEqual({
      "file.open": "Open {title}", "file.gone": "Sie ist weg.", "page.count": { one: "{count} file", other: "{count} files" },
    });
  });
});
