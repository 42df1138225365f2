import { expect, test } from "vitest";
import { listRefreshDelay } from "../../src/lists/refreshDelay";

const CALM = { rows: 10, failures: 0, idleMs: 0, hidden: false, retryAfter: null };

test.each([
  ["a short list, every minute", {}, 60_000],
  ["a long list costs more, so less often", { rows: 260 }, 360_000],
  ["a very long one, every ten minutes", { rows: 1_000 }, 600_000],
  ["nobody does anything", { idleMs: 400_000 }, 300_000],
  ["after failures", { failures: 2 }, 240_000],
  ["as long as the server asks", { retryAfter: 1_800 }, 1_800_000],
  ["nobody sees it", { hidden: true }, null],
])("%s", (_, change, delay) => {
  expect(listRefreshDelay({ ...CALM, ...change })).toBe(delay);
});
