import { describe, expect, test } from "vitest";
import { translator, type Catalogue } from "../src/messages";
import { en } from "../src/messages/en";

const polish = {
  ...en,
  "page.count": { one: "{count} plik", few: "{count} pliki", many: "{count} plików", other: "{count} pliku" },
} as Catalogue;

describe("messages", () => {
  test("placeholders are filled in", () => {
    expect(translator("en")("state.other", { name: "Bob" })).toBe("Locked by Bob");
  });

  test("text that looks like a placeholder in a value stays as it is", () => {
    expect(translator("en")("done.locked", { title: "{title}.txt" })).toBe("{title}.txt is locked for you.");
  });

  test("the plural form follows the rules of the language", () => {
    const t = translator("pl", { en, pl: polish });
    expect([1, 3, 5].map((count) => t("page.count", { count }))).toEqual(["1 plik", "3 pliki", "5 plików"]);
  });

  test("a language without a catalogue is shown in English, numbers included", () => {
    expect(translator("fi-FI")("page.count", { count: 1200 })).toBe("1,200 attachments");
  });

  test("no entry of the reference catalogue is empty", () => {
    for (const entry of Object.values(en)) {
      for (const text of typeof entry === "string" ? [entry] : Object.values(entry)) expect(text.trim()).not.toBe("");
    }
  });
});
