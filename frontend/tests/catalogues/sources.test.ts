import { describe, expect, test } from "vitest";
import { en } from "../../src/messages/en";
import { bareWords, sources, unusedKeys } from "./sources";

const source = (code: string) => [{ name: "Made.tsx", code }];

describe("the sources", () => {
  test("use every text of English", () => {
    expect(unusedKeys(Object.keys(en), sources())).toEqual([]);
  });

  test("show no words beside the catalogue's", () => {
    expect(bareWords(sources())).toEqual([]);
  });
});

describe("a key counts as used", () => {
  const KEYS = ["state.free", "state.free.hint", "action.lock", "action.lock.label", "gone.key"];

  test.each([
    ['t("state.free")', ["state.free"]],
    ["const key: MessageKey = 'gone.key'", ["gone.key"]],
    ["t(`state.${lock.state}`)", ["state.free"]],
    ["t(`state.${lock.state}.hint`)", ["state.free.hint"]],
    ['const text = "action.lock"; t(`${text}.label`)', ["action.lock", "action.lock.label"]],
    ["t(`${text}.label`)", []],
    ["t(`${text}`)", []],
    ["// state.free", []],
  ])("%s", (code, used) => {
    expect(KEYS.filter((key) => !unusedKeys(KEYS, source(code)).includes(key))).toEqual(used);
  });
});

describe("words beside the catalogue are found", () => {
  test.each([
    ["<p>Free at last</p>", "Free at last"],
    ["<p>{busy ? 'Wait' : t('a')}</p>", "Wait"],
    ["<p>{busy && `Wait ${n}`}</p>", "Wait"],
    ["<p>{note ?? 'None'}</p>", "None"],
    ["<p>{name + ' waits'}</p>", "waits"],
    ["<button aria-label='Close' />", "Close"],
    ["<button title={`Close ${x}`} />", "Close"],
    ["<Blank heading='Nothing here' />", "Nothing here"],
    ["document.title = 'Locks'", "Locks"],
  ])("%s", (code, words) => {
    expect(bareWords(source(code))).toEqual([`Made.tsx: ${words}`]);
  });

  test.each([
    "<p class='subtle quiet'>{t('a.b')}: {name} – 1/2</p>",
    "<p>{phase === 'ready' && t('a.b')}</p>",
    "<Icon name='close' />",
    "<button type='button' class={`button ${look}`} />",
    "throw new Error('No screen')",
    "new Intl.NumberFormat('en', { style: 'unit' })",
  ])("%s is none", (code) => {
    expect(bareWords(source(code))).toEqual([]);
  });
});
