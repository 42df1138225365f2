import { describe, expect, test } from "vitest";
import { NetworkError } from "../src/api";
import { ManyFiles } from "../src/page/many";
import { isAll, NOTHING_SELECTED, toggled, withAll } from "../src/page/selection";
import { PageStore } from "../src/page/store";
import { FakeServer, file, free, MADE, manageable, mine, others } from "./cast";

const SHOWN = ["a", "b", "c", "d"];

describe("choosing rows", () => {
  test("one by one, and back", () => {
    const one = toggled(NOTHING_SELECTED, "b", false, SHOWN);
    expect([...one.ids]).toEqual(["b"]);
    expect(toggled(one, "b", false, SHOWN).ids.size).toBe(0);
  });

  test("a range with Shift, in either direction, in the order shown", () => {
    const from = toggled(NOTHING_SELECTED, "c", false, SHOWN);
    expect([...toggled(from, "a", true, SHOWN).ids].sort()).toEqual(["a", "b", "c"]);
    expect([...toggled(from, "d", true, SHOWN).ids].sort()).toEqual(["c", "d"]);
    expect([...toggled(from, "a", true, ["c", "a", "b", "d"]).ids].sort()).toEqual(["a", "c"]);
  });

  test("a range without a beginning is one row", () => {
    expect([...toggled(NOTHING_SELECTED, "c", true, SHOWN).ids]).toEqual(["c"]);
    const gone = { ids: new Set(["x"]), anchor: "x" };
    expect([...toggled(gone, "c", true, SHOWN).ids].sort()).toEqual(["c", "x"]);
  });

  test("all that are shown, which leaves the others", () => {
    const all = withAll({ ids: new Set(["hidden"]), anchor: null }, SHOWN, true);
    expect(isAll(all, SHOWN)).toBe(true);
    expect([...withAll(all, SHOWN, false).ids]).toEqual(["hidden"]);
    expect(isAll(NOTHING_SELECTED, [])).toBe(false);
  });
});

async function opened(server: FakeServer) {
  const page = new PageStore(server, "98311", () => 0);
  await page.refresh();
  const waits: number[] = [];
  const many = new ManyFiles(page, server, { newId: () => "r1", wait: async (seconds) => { waits.push(seconds); server.retryAfter = null; server.refused = {}; return Promise.resolve(); } });
  many.toggleAll(page.get().rows.map(({ id }) => id));
  const lock = (id: string) => page.get().rows.find((row) => row.id === id)?.lock;
  return { page, many, waits, lock };
}

const refused = (id: string) => ({ id, outcome: "refused" as const, status: 409, body: { error: "already_locked", message: "", lock: others() } });
const later = (id: string) => ({ id, outcome: "retry" as const, status: 503, body: { error: "busy", message: "" } });

describe("acting on many", () => {
  test("locks what may be locked, as it was seen", async () => {
    const server = new FakeServer(file("1", "a"), file("2", "b", others()), file("3", "c"));
    const { many } = await opened(server);
    await many.act("lock");
    const seen = { seenVersion: 3, seenVersionCreated: MADE };
    expect(server.writes()).toEqual([["bulk", { action: "lock", items: [{ id: "1", ...seen }, { id: "3", ...seen }] }, "r1"]]);
    expect(many.get().report).toMatchObject({ kind: "lock", done: 2, refused: 0, left: 0 });
    expect(many.get().selection.ids.size).toBe(0);
  });

  test.each([
    ["unlock", [{ id: "1", lockId: "L1" }]],
    ["extend", [{ id: "1", lockId: "L1" }]],
    ["notify-me", [{ id: "2" }]],
    ["break", [{ id: "2", lockId: "L2" }]],
  ] as const)("%s names the locks it is about, and only where it is allowed", async (kind, items) => {
    const server = new FakeServer(file("1", "a", mine()), file("2", "b", manageable()), file("3", "c"));
    const { many } = await opened(server);
    await many.act(kind, kind === "break" ? "release day" : null);
    expect(server.writes()).toEqual([["bulk", { action: kind, items, ...(kind === "break" ? { reason: "release day" } : {}) }, "r1"]]);
  });

  test("a refused file says why in its row, with the lock that was there", async () => {
    const server = new FakeServer(file("1", "a"), file("2", "b"));
    server.refused = { "2": refused("2") };
    const { many, page, lock } = await opened(server);
    server.files = [file("1", "a", mine()), file("2", "b", others())];
    await many.act("lock");
    expect(many.get().report).toMatchObject({ done: 1, refused: 1, left: 0 });
    expect(page.get().rowProblems.get("2")?.code).toBe("already_locked");
    expect(lock("2")?.state).toBe("other");
  });

  test("waits as the server asks, and sends the same request again", async () => {
    const server = new FakeServer(file("1", "a"), file("2", "b"));
    server.refused = { "2": later("2") };
    server.retryAfter = 7;
    const { many, waits } = await opened(server);
    await many.act("lock");
    expect(waits).toEqual([7]);
    expect(server.writes().map(([, , requestId]) => requestId)).toEqual(["r1", "r1"]);
    expect(many.get().report).toMatchObject({ done: 2, left: 0 });
  });

  test("more than a hundred go in parts", async () => {
    const server = new FakeServer(...Array.from({ length: 230 }, (_, at) => file(String(at), `f${String(at)}`)));
    const { many } = await opened(server);
    await many.act("lock");
    expect(server.writes().map(([, order]) => (order as { items: unknown[] }).items.length)).toEqual([100, 100, 30]);
    expect(many.get().report?.done).toBe(230);
  });

  test("what a failed call leaves open stays chosen", async () => {
    const server = new FakeServer(file("1", "a"), file("2", "b"));
    const { many } = await opened(server);
    server.failNext = new NetworkError("down");
    await many.act("lock");
    expect(many.get().report).toMatchObject({ done: 0, left: 2, problem: { code: "offline" } });
    expect([...many.get().selection.ids]).toEqual(["1", "2"]);
    many.dismissReport();
    expect(many.get().report).toBeNull();
  });

  test("nothing chosen, nothing asked", async () => {
    const server = new FakeServer(file("1", "a", free({ can: { ...free().can, lock: false } })));
    const { many } = await opened(server);
    await many.act("lock");
    expect(server.writes()).toEqual([]);
  });
});
