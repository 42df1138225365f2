import { describe, expect, test, vi } from "vitest";
import { learn, PSEUDO, shownLocale, Texts, translator, type Catalogue } from "../src/messages";
import { en } from "../src/messages/en";

import.meta.glob("../src/messages/parts/*.ts", { eager: true });
await learn("en");

const polish = {
  ...en,
  "page.count": { one: "{count} plik", few: "{count} pliki", many: "{count} plików", other: "{count} pliku" },
} satisfies Catalogue;

/** Texts of their own, in English and what `load` brings for each language named. */
function textsWith(load: () => Promise<Catalogue>, ...languages: readonly string[]): Texts {
  const texts = new Texts();
  texts.teach(async () => Promise.resolve(en), Object.fromEntries(languages.map((language) => [`/locale/${language}/screens.po`, load])));
  return texts;
}

describe("messages", () => {
  test("placeholders are filled in", () => {
    expect(translator("en")("state.other", { name: "Bob" })).toBe("Locked by Bob");
  });

  test("text that looks like a placeholder in a value stays as it is", () => {
    expect(translator("en")("done.locked", { title: "{title}.txt" })).toBe("{title}.txt is locked for you.");
  });

  test("the plural form follows the rules of the language", async () => {
    const texts = textsWith(async () => Promise.resolve(polish), "pl");
    await texts.learn("pl");
    const t = texts.translator("pl");
    expect([1, 3, 5].map((count) => t("page.count", { count }))).toEqual(["1 plik", "3 pliki", "5 plików"]);
  });

  test("a language without a catalogue is shown in English, with the numbers of the viewer's region", () => {
    expect(translator("fi-FI")("page.count", { count: 1200 })).toBe("1\u00a0200 attachments");
    expect(translator("eo")("page.count", { count: 1200 })).toBe("1,200 attachments");
    expect(shownLocale("pt-BR")).toBe("en-BR");
  });

  test("no entry of the reference catalogue is empty", () => {
    for (const entry of Object.values(en)) {
      for (const text of typeof entry === "string" ? [entry] : Object.values(entry)) expect(text.trim()).not.toBe("");
    }
  });
});

describe("a viewer's language", () => {
  const whole = async () => Promise.resolve({ "filter.free": "Frei" });

  test.each([["de-AT", "Von mir gesperrt"], ["fr-CA", "Verrouillé par moi"], ["nl", "Door mij vergrendeld"], ["ja-JP", "自分がロック中"], ["ru", "Заблокированы мной"]])("%s is learnt from the translators' file", async (locale, mine) => {
    await learn(locale);
    expect(translator(locale)("filter.mine")).toBe(mine);
    expect(shownLocale(locale)).toBe(locale);
  });

  test("has a form for each count", async () => {
    await learn("ru");
    const counted = [1, 2, 5, 21].map((count) => translator("ru")("page.count", { count }));
    expect(counted).toEqual(["1 вложение", "2 вложения", "5 вложений", "21 вложение"]);
  });

  test("is loaded once", async () => {
    const load = vi.fn(whole);
    const texts = textsWith(load, "de");
    await Promise.all([texts.learn("de-CH"), texts.learn("de-DE")]);
    await texts.learn("de-DE");
    expect(load).toHaveBeenCalledOnce();
  });

  test("is learnt for a part of the screen that came later, by whoever speaks it already", async () => {
    const texts = textsWith(whole, "de");
    await texts.learn("de-DE");
    const t = texts.translator("de-DE");
    texts.teach(async () => Promise.resolve({ "filter.mine": "Locked by me" }), { "/locale/de/": async () => Promise.resolve({ "filter.mine": "Von mir" }) });
    await texts.learn("de-DE");
    expect([t("filter.free"), t("filter.mine")]).toEqual(["Frei", "Von mir"]);
  });

  test("is asked for again after it did not load", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const load = vi.fn(whole).mockRejectedValueOnce(new TypeError("Failed to fetch"));
    const texts = textsWith(load, "de");
    await texts.learn("de-DE");
    await texts.learn("de-DE");
    expect(texts.translator("de-DE")("filter.free")).toBe("Frei");
  });

  test("is English with a warning where its texts do not load", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const texts = textsWith(async () => Promise.reject(new TypeError("Failed to fetch")), "de");
    await texts.learn("de-DE");
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('"de"'), expect.any(TypeError));
    expect(texts.translator("de-DE")("filter.free")).toBe("Not locked");
    expect(texts.shownLocale("de-DE")).toBe("en-DE");
  });

  test("is English after ten seconds without an answer", async () => {
    vi.useFakeTimers();
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const learnt = textsWith(async () => new Promise<never>(() => {}), "de").learn("de-DE");
    await vi.advanceTimersByTimeAsync(10_000);
    await learnt;
    vi.useRealTimers();
    expect(warn).toHaveBeenCalledOnce();
  });
});

describe("the language for looking at layouts", () => {
  test("is English with accents and 40 % longer, placeholders whole", async () => {
    await learn(PSEUDO);
    const t = translator(PSEUDO);
    const named = (text: string) => text.replace(/\{\w+\}/g, "name");
    expect(t("state.other", { name: "Bob" })).toBe("Löçkéd bý Bobøøøøøø");
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      const [long, short] = [t(key, {} as never), translator("en")(key, {} as never)];
      expect(named(long).length, key).toBeGreaterThanOrEqual(named(short).length * 1.4 - 1);
      expect(long.match(/\{\w+\}/g), key).toEqual(short.match(/\{\w+\}/g));
    }
  });
});
