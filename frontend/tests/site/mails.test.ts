import { describe, expect, test, vi } from "vitest";
import { ApiError, type Templates, type TemplatesApi, type TemplateText } from "../../src/api";
import { GROUPS } from "../../src/mails/groups";
import { parted } from "../../src/mails/letter";
import { firstLanguage } from "../../src/mails/languages";
import { inserted, offsetOf, wrongPlaces } from "../../src/mails/places";
import { TextsStore, textOf } from "../../src/mails/store";

const OURS: TemplateText = { subject: "Ours", body: "Our words" };

function texts(revision: number, own: TemplateText | null = null, language = "en"): Templates {
  const shared = { default: OURS, placeholders: ["attachment"] };
  return {
    revision, altered: false, language, languages: ["en", "de"], custom: own === null ? [] : [language],
    templates: [
      { mail: "lock_will_end", ...(own ?? OURS), custom: own !== null, ...shared },
      { mail: "summary", ...OURS, custom: false, ...shared },
    ],
  };
}

function collided(): ApiError {
  return new ApiError(412, "settings_changed", "", null, null, { differs: ["en.lock_will_end"] });
}

async function opened(api: Partial<TemplatesApi>): Promise<TextsStore> {
  const store = new TextsStore({ read: async (language) => Promise.resolve(texts(1, null, language)), ...api } as TemplatesApi, "en", "lock_will_end");
  await store.load();
  return store;
}

describe("texts of mails", () => {
  test("a draft is what differs from the stored text, and lasts while another mail or language is looked at", async () => {
    const store = await opened({});
    store.edit({ subject: "Mine" });
    store.choose("summary");
    await store.load("de");
    expect(textOf(store.get()).subject).toBe("Ours");
    await store.load("en");
    store.choose("lock_will_end");
    expect(textOf(store.get()).subject).toBe("Mine");
    store.edit({ subject: "Ours" });
    expect(store.get().drafts).toEqual({});
  });

  test("one text is saved on the revision that was read; what is typed meanwhile stays", async () => {
    const save = vi.fn(async (_language: string, _revision: number, _mail: string, text: TemplateText | null) => {
      store.edit({ body: "typed on" });
      return Promise.resolve(texts(2, text));
    });
    const store = await opened({ save });
    store.edit({ subject: "Mine" });
    await store.save();
    expect(save).toHaveBeenCalledExactlyOnceWith("en", 1, "lock_will_end", { subject: "Mine", body: "Our words" });
    expect(textOf(store.get())).toEqual({ subject: "Mine", body: "typed on" });
    expect(store.get().done).toEqual({ what: "saved", count: 1 });
  });

  test("another admin's change of another mail is nobody's collision", async () => {
    const save = vi.fn().mockRejectedValueOnce(collided()).mockResolvedValue(texts(8, { subject: "Mine", body: "Our words" }));
    const read = vi.fn().mockResolvedValueOnce(texts(1)).mockResolvedValue(texts(7));
    const store = await opened({ read, save });
    store.edit({ subject: "Mine" });
    await store.save();
    expect(save.mock.calls.map(([, revision]) => revision as number)).toEqual([1, 7]);
    expect(store.get()).toMatchObject({ collision: null, drafts: {}, problem: null });
  });

  test("two texts for one mail are both shown, and each choice leaves what was chosen", async () => {
    const theirs = { subject: "Theirs", body: "Their words" };
    const make = async (): Promise<TextsStore> => {
      const read = vi.fn().mockResolvedValueOnce(texts(1)).mockResolvedValue(texts(7, theirs));
      const store = await opened({ read, save: vi.fn().mockRejectedValue(collided()) });
      store.edit({ subject: "Mine" });
      await store.save();
      return store;
    };
    const taking = await make();
    expect(taking.get().collision).toMatchObject({ theirs, mine: { subject: "Mine", body: "Our words" } });
    taking.takeTheirs();
    expect([textOf(taking.get()), taking.get().drafts]).toEqual([theirs, {}]);
    const keeping = await make();
    keeping.keepMine();
    expect([textOf(keeping.get()).subject, keeping.get().answer?.revision]).toEqual(["Mine", 7]);
  });

  test("a refusal shows its places and keeps the draft", async () => {
    const fields = [{ field: "templates.upload_undone.undone.body", position: 6, problem: "no" }, { field: "x", position: "6" }];
    const save = vi.fn().mockRejectedValue(new ApiError(422, "invalid_request", "no", null, null, { fields }));
    const store = await opened({ save });
    store.edit({ body: "Hello {x}" });
    await store.save();
    expect(store.get().wrong).toEqual([{ field: "body", position: 6, problem: "no" }]);
    expect(textOf(store.get()).body).toBe("Hello {x}");
  });

  test("an answer for a language that is not wanted any more is dropped", async () => {
    const waiting: ((answer: Templates) => void)[] = [];
    const store = await opened({});
    (store as unknown as { api: TemplatesApi }).api.read = async () => new Promise((resolve) => { waiting.push(resolve); });
    const [german, english] = [store.load("de"), store.load("en")];
    waiting[1]?.(texts(3));
    waiting[0]?.(texts(2, null, "de"));
    await Promise.all([german, english]);
    expect(store.get()).toMatchObject({ language: "en", loading: false, answer: { revision: 3 } });
  });
});

test("each mail is in one group", () => {
  const all = Object.values(GROUPS).flat();
  expect([all.length, new Set(all).size]).toEqual([31, 31]);
});

test("the server counts characters, the browser halves of some", () => {
  expect(offsetOf("👍{x}", 1)).toBe(2);
  expect(inserted("ab", "page", 1, 2)).toEqual({ text: "a{page}", cursor: 7 });
  expect(wrongPlaces({ fields: "odd" })).toEqual([]);
});

test("no style is left for the parser", () => {
  const { html, css } = parted('<style media="x">p{}</style><p class="a" style="margin:0">style=&#34;</p>');
  expect([html, css]).toEqual(['<p class="a" data-style="margin:0">style=&#34;</p>', "p{}"]);
});

test.each([["de-CH", "de"], ["pl", "en"]])("mails for %s are in %s", (locale, language) => {
  expect(firstLanguage(locale)).toBe(language);
});
