import { describe, expect, test } from "vitest";
import { nextDelay, type Pace } from "../src/page/pace";

const active: Pace = { requests: 1, failures: 0, idleMs: 0, hidden: false, retryAfter: null };

describe("live refresh", () => {
  test("comes about every five seconds while somebody is there", () => {
    expect(nextDelay(active)).toBe(5_000);
  });

  test("rests while nobody can see it", () => {
    expect(nextDelay({ ...active, hidden: true })).toBeNull();
  });

  test("slows down for long lists, for absent people and after failures, up to a minute", () => {
    expect(nextDelay({ ...active, requests: 3 })).toBe(15_000);
    expect(nextDelay({ ...active, idleMs: 121_000 })).toBe(20_000);
    expect(nextDelay({ ...active, failures: 2 })).toBe(20_000);
    expect(nextDelay({ ...active, failures: 9 })).toBe(60_000);
  });

  test("waits as long as the server asks", () => {
    expect(nextDelay({ ...active, failures: 1, retryAfter: 90 })).toBe(90_000);
  });
});
