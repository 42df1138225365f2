import { expect, test } from "vitest";
import type { LockView } from "../src/api";
import { newsOf } from "../src/page/news";
import { ALICE, DANA, file, free, mine, others } from "./cast";

const ended = (reason: "handed_over" | "released" | "broken", by: typeof DANA) => ({ reason, by, at: "2026-11-21T11:00:00Z", why: null });
const news = (before: LockView, after: LockView) => newsOf(file("1", "a.txt", before), file("1", "a.txt", after), ALICE.accountId);

test("a lost lock is news unless its owner ended it", () => {
  expect(news(mine(), free({ lastEnded: ended("broken", DANA) }))).toMatchObject({ kind: "lost" });
  expect(news(mine(), free({ lastEnded: ended("released", ALICE) }))).toBeNull();
  expect(news(mine(), others({ lastEnded: ended("handed_over", ALICE) }))).toBeNull();
});

test("somebody who waited hears that the file is not locked any more", () => {
  const waiting = others({ notifyMe: { asked: true, count: 1, position: 1 } });
  expect(news(waiting, free())).toMatchObject({ kind: "free" });
  expect(news(others(), free())).toBeNull();
});
