import { describe, expect, test } from "vitest";
import { absentTexts, allSources, type Source } from "./sources";

type Part = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const PARTS = import.meta.glob<Part>("../../src/messages/en/*.ts", { eager: true });

/** Return the part of each key. */
function partOfKey(): Readonly<Record<string, string>> {
  const parts = Object.values(PARTS).flatMap((module) => Object.entries(module)).filter(([name]) => name !== "en");
  return Object.fromEntries(parts.flatMap(([name, texts]) => Object.keys(texts).map((key) => [key, name])));
}

function byName(all: readonly Source[]): ReadonlyMap<string, Source> {
  return new Map(all.map((source) => [source.name, source]));
}

const SCREENS = [...["page", "macro", "getStarted", "myLocks", "space", "site"].map((screen) => `${screen}/main.tsx`), "macro/settings.tsx"];

describe("the texts of a screen", () => {
  test.each(SCREENS)("come with the code that shows them: %s", (screen) => {
    expect(absentTexts(partOfKey(), screen, byName(allSources()))).toEqual([]);
  });

  const KEYS = { "site.title": "site", "mails.title": "mails" };
  const made = (panel: string, main = "") => byName([
    { name: "site/main.tsx", code: `import "../messages/parts/site"; import { T } from "../ui/T"; ${main} t("site.title")` },
    { name: "ui/T.tsx", code: 'const Panel = async () => import("../site/Panel")' },
    { name: "site/Panel.tsx", code: panel },
    { name: "messages/parts/site.ts", code: "" },
    { name: "messages/parts/mails.ts", code: "" },
  ]);

  test.each([
    ["a part that the screen has", 't("site.title")', "", []],
    ["a part that the panel brings", 'import "../messages/parts/mails"; t("mails.title")', "", []],
    ["a template with a key of a part that is there", "t(`${kind}.title`); t(`site.${kind}`)", "", []],
    ["a template without one", "t(`mails.${kind}`)", "", ["site/Panel.tsx: mails.title"]],
    ["a part that nothing brings", 't("mails.title")', "", ["site/Panel.tsx: mails.title"]],
    ["a part that only a type needs", 'import type { x } from "../messages/parts/mails"; t("mails.title")', "", ["site/Panel.tsx: mails.title"]],
    ["a part that only a panel brings", 'import "../messages/parts/mails"', 't("mails.title");', ["site/main.tsx: mails.title"]],
  ])("%s", (_, panel, main, absent) => {
    expect(absentTexts(KEYS, "site/main.tsx", made(panel, main))).toEqual(absent);
  });
});
