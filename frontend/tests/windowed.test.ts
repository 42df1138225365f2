import { describe, expect, test } from "vitest";
import { AHEAD, around, Heights, outgrows, partsOf, tableRows, within } from "../src/ui/windowed";

const ids = Array.from({ length: 1_000 }, (_, place) => `r${String(place)}`);
const fifty = (): number => 50;

describe("what is drawn", () => {
  test("the rows of the stretch, with gaps of the others' height around them", () => {
    const parts = partsOf(ids, { from: 100, to: 103 }, new Set(), fifty);
    expect(parts).toEqual([{ from: 0, to: 100, height: 5_000 }, 100, 101, 102, { from: 103, to: 1_000, height: 44_850 }]);
  });

  test("a kept row far away stands between two gaps", () => {
    const parts = partsOf(ids, { from: 0, to: 2 }, new Set([500]), fifty);
    expect(parts).toEqual([0, 1, { from: 2, to: 500, height: 24_900 }, 500, { from: 501, to: 1_000, height: 24_950 }]);
  });

  test("few rows have no gap, and a stretch beyond their end draws them all", () => {
    expect(partsOf(ids.slice(0, 3), { from: 0, to: 12 }, new Set(), fifty)).toEqual([0, 1, 2]);
    expect(partsOf([], { from: 0, to: 12 }, new Set(), fifty)).toEqual([]);
    expect(partsOf(ids.slice(0, 3), { from: 40, to: 60 }, new Set(), fifty)).toEqual([{ from: 0, to: 3, height: 150 }]);
  });

  test.each([[0], [1], [499], [998], [999]])("all rows have their room, whatever is drawn (row %i kept)", (kept) => {
    const parts = partsOf(ids, { from: 300, to: 330 }, new Set([kept]), fifty);
    const covered = parts.flatMap((part) => (typeof part === "number" ? [part] : ids.slice(part.from, part.to).map((_, at) => part.from + at)));
    expect(covered).toEqual(ids.map((_, place) => place));
  });
});

describe("when more is drawn", () => {
  test("rows ahead on both sides, never beyond the ends", () => {
    expect(around({ from: 100, to: 110 }, 1_000)).toEqual({ from: 100 - AHEAD, to: 110 + AHEAD });
    expect(around({ from: 2, to: 12 }, 15)).toEqual({ from: 0, to: 15 });
  });

  test.each([
    ["in the middle of what is drawn", { from: 100, to: 110 }, false],
    ["near its end", { from: 106, to: 116 }, true],
    ["near its beginning", { from: 94, to: 104 }, true],
    ["far outside, after a jump", { from: 800, to: 810 }, true],
  ])("%s", (_, view, more) => {
    expect(outgrows(view, { from: 90, to: 120 }, 1_000)).toBe(more);
  });

  test("the ends of the list ask for nothing", () => {
    expect(outgrows({ from: 0, to: 10 }, { from: 0, to: 20 }, 1_000)).toBe(false);
    expect(outgrows({ from: 990, to: 1_000 }, { from: 980, to: 1_000 }, 1_000)).toBe(false);
  });
});

describe("a gap in view", () => {
  const gap = { from: 100, to: 1_000 };

  test("names the rows between two depths", () => {
    expect(within(gap, ids, 0, 120, fifty)).toEqual({ from: 100, to: 103 });
    expect(within(gap, ids, 5_010, 5_500, fifty)).toEqual({ from: 200, to: 210 });
  });

  test("names at least one row, even where its height was guessed too small", () => {
    expect(within(gap, ids, 90_000, 90_100, fifty)).toEqual({ from: 999, to: 1_000 });
    expect(within(gap, ids, 0, 0, fifty)).toEqual({ from: 100, to: 101 });
  });
});

describe("heights", () => {
  test("rows that were never drawn have the mean of the first ones, which stays", () => {
    const heights = new Heights();
    heights.learn(900, new Map([["a", 40], ["b", 60]]));
    heights.learn(900, new Map([["c", 500]]));
    expect([heights.of("a"), heights.of("c"), heights.of("new")]).toEqual([40, 500, 50]);
  });

  test("another width begins anew", () => {
    const heights = new Heights();
    heights.learn(900, new Map([["a", 40]]));
    heights.learn(400, new Map([["b", 200]]));
    expect([heights.of("a"), heights.of("b")]).toEqual([200, 200]);
  });
});

test("where nothing is laid out, nothing is learnt", () => {
  const heights = new Heights();
  heights.learn(0, new Map([["a", 0]]));
  expect(heights.of("a")).toBeGreaterThan(0);
});

test("rows of the table are counted with the head and with those below a file", () => {
  expect(tableRows([false, true, false])).toEqual({ of: [2, 3, 5], count: 5 });
  expect(tableRows([])).toEqual({ of: [], count: 1 });
});
