import { expect, test } from "vitest";
import type { EditRequest, LockView } from "../src/api";
import { newsOf } from "../src/page/news";
import { ALICE, BOB, DANA, file, free, mine, others } from "./cast";

const asks = (change: Partial<EditRequest> = {}): EditRequest => ({ person: BOB, at: "2026-11-21T11:00:00Z", message: null, declinedAt: null, note: null, ...change });
const ended = (reason: "handed_over" | "released" | "broken", by: typeof DANA) => ({ reason, by, at: "2026-11-21T11:00:00Z", why: null });
const news = (before: LockView, after: LockView) => newsOf(file("1", "a.txt", before), file("1", "a.txt", after), ALICE.accountId);

test("the owner hears of a new request, once", () => {
  expect(news(mine(), mine({ requests: [asks()] }))).toMatchObject({ kind: "asked", person: BOB });
  expect(news(mine({ requests: [asks()] }), mine({ requests: [asks()] }))).toBeNull();
  expect(news(mine({ requests: [asks()] }), mine({ requests: [asks({ at: "2026-11-21T12:00:00Z" })] }))).toMatchObject({ kind: "asked" });
});

test("who asked hears the answer", () => {
  const mineToo = asks({ person: ALICE });
  const waiting = others({ requests: [mineToo] });
  expect(news(waiting, others({ requests: [{ ...mineToo, declinedAt: "2026-11-21T12:00:00Z" }] }))).toMatchObject({ kind: "declined", person: BOB });
  expect(news(waiting, mine({ lastEnded: ended("handed_over", BOB) }))).toMatchObject({ kind: "received", person: BOB });
  expect(news(waiting, waiting)).toBeNull();
});

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
