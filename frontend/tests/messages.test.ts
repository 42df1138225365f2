import { describe, expect, test, vi } from "vitest";
import { learn, PSEUDO, shownLocale, translator, type Catalogue } from "../src/messages";
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

  test("a language without a catalogue is shown in English, with the numbers of the viewer's region", () => {
    expect(translator("fi-FI")("page.count", { count: 1200 })).toBe("1\u00a0200 attachments");
    expect(translator("eo")("page.count", { count: 1200 })).toBe("1,200 attachments");
    expect(shownLocale("pt-BR")).toBe("en-BR");
    expect(shownLocale("de-AT", { de: polish })).toBe("de-AT");
  });

  test("no entry of the reference catalogue is empty", () => {
    for (const entry of Object.values(en)) {
      for (const text of typeof entry === "string" ? [entry] : Object.values(entry)) expect(text.trim()).not.toBe("");
    }
  });
});

describe("a viewer's language", () => {
  const nothing = () => ({ en });
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

  test("shows English where one text is not translated yet", async () => {
    const catalogues = nothing();
    await learn("de-CH", whole, catalogues);
    const t = translator("de-CH", catalogues);
    expect([t("filter.free"), t("filter.all")]).toEqual(["Frei", "Every state"]);
  });

  test("is loaded once", async () => {
    const [catalogues, load] = [nothing(), vi.fn(whole)];
    await learn("de-CH", load, catalogues);
    await learn("de-DE", load, catalogues);
    expect(load).toHaveBeenCalledOnce();
  });

  test("is English with a warning where its texts do not load", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const catalogues = nothing();
    await learn("de-DE", async () => Promise.reject(new TypeError("Failed to fetch")), catalogues);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('"de"'), expect.any(TypeError));
    expect(translator("de-DE", catalogues)("filter.free")).toBe("Not locked");
    expect(shownLocale("de-DE", catalogues)).toBe("en-DE");
  });

  test("is English after ten seconds without an answer", async () => {
    vi.useFakeTimers();
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const learnt = learn("de-DE", async () => new Promise<never>(() => {}), nothing());
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
