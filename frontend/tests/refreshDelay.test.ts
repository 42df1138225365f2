import { describe, expect, test } from "vitest";
import { refreshDelay, type RefreshConditions } from "../src/page/refreshDelay";

const active: RefreshConditions = { requests: 1, failures: 0, idleMs: 0, hidden: false, retryAfter: null };

describe("the delay between refreshes", () => {
  test("is five seconds while somebody uses the page", () => {
    expect(refreshDelay(active)).toBe(5_000);
  });

  test("is undefined while nobody can see the page", () => {
    expect(refreshDelay({ ...active, hidden: true })).toBeNull();
  });

  test("grows with long lists, idle people and failures, up to a minute", () => {
    expect(refreshDelay({ ...active, requests: 3 })).toBe(15_000);
    expect(refreshDelay({ ...active, idleMs: 121_000 })).toBe(15_000);
    expect(refreshDelay({ ...active, failures: 2 })).toBe(20_000);
    expect(refreshDelay({ ...active, failures: 9 })).toBe(60_000);
  });

  test("is at least what the server asks for", () => {
    expect(refreshDelay({ ...active, failures: 1, retryAfter: 90 })).toBe(90_000);
  });
});
