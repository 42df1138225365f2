import { describe, expect, test } from "vitest";
import { NetworkError, type BulkAnswer, type BulkOrder } from "../../src/api";
import { BulkStopped, MOST_ROUNDS, runBulk, type BulkProgress } from "../../src/lists/bulk";
import { done } from "./shelf";

function tools(...answers: readonly ((order: BulkOrder) => BulkAnswer | Error)[]) {
  const sent: { readonly order: BulkOrder; readonly requestId: string }[] = [];
  const waits: number[] = [];
  const told: BulkProgress[] = [];
  const state = { stopped: false };
  let ids = 0;
  return {
    sent, waits, told, state,
    send: async (order: BulkOrder, requestId: string) => {
      sent.push({ order, requestId });
      const answer = (answers[sent.length - 1] ?? answers.at(-1))?.(order);
      if (answer instanceof Error || answer === undefined) throw answer ?? new Error("no answer prepared");
      return answer;
    },
    wait: async (seconds: number) => { waits.push(seconds); },
    newId: () => `id${(ids += 1)}`,
    progress: (now: BulkProgress) => { told.push(now); },
    stopped: () => state.stopped,
  };
}

const order = (count: number): BulkOrder =>
  ({ action: "extend", items: Array.from({ length: count }, (_, at) => ({ id: String(at), lockId: `L${at}` })) });

describe("one act on many files", () => {
  test("goes in calls of 100, each with an id of its own", async () => {
    const made = tools(({ items }) => done(items));
    const results = await runBulk(order(230), made);
    expect(made.sent.map((one) => [one.order.items.length, one.requestId])).toEqual([[100, "id1"], [100, "id2"], [30, "id3"]]);
    expect(results.size).toBe(230);
    expect(made.told.at(-1)).toEqual({ total: 230, settled: 230, waiting: null });
  });

  test("what the server had no time for is sent again, the same request, after its wait", async () => {
    const made = tools(({ items }) => done(items, "retry", 3), ({ items }) => done(items));
    const results = await runBulk(order(2), made);
    expect(made.waits).toEqual([3]);
    expect(made.sent.map(({ requestId }) => requestId)).toEqual(["id1", "id1"]);
    expect(made.told).toContainEqual({ total: 2, settled: 0, waiting: 3 });
    expect([...results.values()].map(({ outcome }) => outcome)).toEqual(["done", "done"]);
  });

  test("a wait of more than a minute is not waited for, and no wait is waited for for ever", async () => {
    const long = tools(({ items }) => done(items, "retry", 1_800));
    await runBulk(order(1), long);
    expect(long.waits).toEqual([]);
    const endless = tools(({ items }) => done(items, "retry", 1));
    await runBulk(order(1), endless);
    expect(endless.sent).toHaveLength(MOST_ROUNDS);
  });

  test("stops between two calls when the viewer says so", async () => {
    const made = tools(({ items }) => { made.state.stopped = true; return done(items); });
    expect((await runBulk(order(150), made)).size).toBe(100);
    expect(made.sent).toHaveLength(1);
  });

  test("a call that fails as a whole tells what was done before", async () => {
    const made = tools(({ items }) => done(items), () => new NetworkError("no answer"));
    const error: unknown = await runBulk(order(150), made).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(BulkStopped);
    expect((error as BulkStopped).done.size).toBe(100);
  });
});
