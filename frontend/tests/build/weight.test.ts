// @vitest-environment node
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { built, isChunk, SURFACES, tooHeavy, weigh, type Door, type Output } from "./weight";

const DOORS: readonly Door[] = ["connect", "forge"];
const OUTPUT: Readonly<Record<Door, Output>> = { connect: await built("connect"), forge: await built("forge") };

/** Return a build in which files with such a name are 40 kB heavier, packed. */
function planted(output: Output, name: RegExp): Output {
  const ballast = (): string => `/*${randomBytes(40_000).toString("base64")}*/`;
  expect(output.some(({ fileName }) => name.test(fileName))).toBe(true);
  return output.map((one) => {
    if (!name.test(one.fileName)) return one;
    return isChunk(one) ? { ...one, code: one.code + ballast() } : { ...one, source: `${String(one.source)}${ballast()}` };
  });
}

const EVERY = SURFACES.map(({ name }) => name);

describe.each(DOORS)("on %s", (door) => {
  const output = OUTPUT[door];

  test("no surface loads more than 60 kB of ours for its first view", () => {
    console.table(Object.fromEntries(SURFACES.map((surface) => [surface.name, weigh(output, door, surface)])));
    expect(tooHeavy(output, door)).toEqual([]);
  });

  test.each([
    ["what all import", /problems-.*js$/, EVERY],
    ["a style", /LockList-.*css$/, ["my locks", "space"]],
    ["a shared part", /LockList-.*js$/, ["my locks", "space"]],
    ["the first tab", /SiteSettings-/, ["site"]],
    ["texts in one language", /texts-fr-macro-/, ["macro"]],
    ["texts of every screen", /texts-ru-common-/, EVERY],
  ])("%s that is too heavy is found", (_, name, found) => {
    expect(tooHeavy(planted(output, name), door)).toEqual(found);
  });

  test.each([/Health-/, /MyDataPanel-/, /texts-de-audit-/])("what comes later may be heavy: %s", (name) => {
    expect(tooHeavy(planted(output, name), door)).toEqual([]);
  });
});

test("only Forge's screens bring a bridge", () => {
  const [first] = SURFACES;
  if (first === undefined) throw new Error("No surface.");
  expect(weigh(OUTPUT.connect, "connect", first).bridge).toBe(0);
  expect(weigh(OUTPUT.forge, "forge", first).bridge).toBeGreaterThan(10_000);
});

test.each(SURFACES.flatMap(({ screen, tab }) => (tab === undefined ? [] : [[screen, tab] as const])))("%s opens with %s", (screen, tab) => {
  const panels = readFileSync(join(import.meta.dirname, "../../src", screen.replace("main.tsx", "panels.ts")), "utf8");
  expect(tab).toBe(screen.replace("main.tsx", `${/import\("\.\/(\w+)"\)/.exec(panels)?.[1] ?? ""}.tsx`));
});
