import { describe, expect, test } from "vitest";
import { NetworkError } from "../src/api";
import { PageStore } from "../src/page/store";
import { ALICE, BOB, DANA, FakeServer, file, free, MADE, mine, others, refusal, unreadable } from "./cast";

async function opened(server: FakeServer): Promise<PageStore> {
  const store = new PageStore(server, "98311", () => 1_000);
  await store.refresh();
  return store;
}

function row(store: PageStore, id = "1") {
  const found = store.get().rows.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no row ${id}`);
  return found;
}

describe("loading", () => {
  test("reads every page of a long list", async () => {
    const server = new FakeServer(file("1", "a"), file("2", "b"), file("3", "c"));
    server.pageSize = 2;
    const store = await opened(server);
    expect(store.get().rows.map(({ id }) => id)).toEqual(["1", "2", "3"]);
    expect(store.get().requests).toBe(2);
  });

  test("shows the first part of a long list at once, and how many there are", async () => {
    const server = new FakeServer(file("1", "a"), file("2", "b"), file("3", "c"));
    server.pageSize = 2;
    const store = new PageStore(server, "98311", () => 0);
    const seen: unknown[] = [];
    store.subscribe(() => seen.push([store.get().phase, store.get().rows.length, store.get().total]));
    await store.refresh();
    expect(seen).toEqual([["loading", 2, 3], ["ready", 3, 3]]);
    seen.length = 0;
    await store.refresh();
    expect(seen).toEqual([["ready", 3, 3]]);
    expect(store.get().title).toBe("Budget 2027");
  });

  test("a row that says the same is the same object, so that nothing is drawn again", async () => {
    const server = new FakeServer(file("1", "a"), file("2", "b"));
    const store = await opened(server);
    const [first, second] = store.get().rows;
    server.files = [file("1", "a"), file("2", "b", others())];
    await store.refresh();
    expect(store.get().rows[0]).toBe(first);
    expect(store.get().rows[1]).not.toBe(second);
  });

  test("two calls at once share one request", async () => {
    const server = new FakeServer(file("1", "a"));
    const store = new PageStore(server, "1", () => 0);
    await Promise.all([store.refresh(), store.refresh()]);
    expect(server.calls).toHaveLength(1);
  });

  test("an unchanged list stays as it is, and the countdown goes on from when it came", async () => {
    const server = new FakeServer(file("1", "a"));
    let clock = 1_000;
    const store = new PageStore(server, "98311", () => clock);
    await store.refresh();
    const before = store.get();
    clock = 9_000;
    server.unchanged = true;
    await store.refresh();
    expect(store.get()).toEqual(before);
  });

  test("a first failure is shown instead of a list", async () => {
    const server = new FakeServer();
    server.failNext = new NetworkError("down");
    const store = await opened(server);
    expect(store.get()).toMatchObject({ phase: "failed", problem: { code: "offline" }, failures: 1 });
  });

  test("a later failure keeps the last list, and success clears it", async () => {
    const server = new FakeServer(file("1", "a"));
    const store = await opened(server);
    server.failNext = refusal(503, "busy");
    await store.refresh();
    expect(store.get()).toMatchObject({ phase: "ready", problem: { code: "busy" }, failures: 1 });
    expect(store.get().rows).toHaveLength(1);
    await store.refresh();
    expect(store.get()).toMatchObject({ problem: null, failures: 0 });
  });
});

test("a lock that cannot be read for a while is not called lost", async () => {
  const server = new FakeServer(file("1", "a", mine()));
  const store = await opened(server);
  server.files = [file("1", "a", unreadable())];
  await store.refresh();
  expect(store.get().notices).toEqual([]);
});

describe("acting", () => {
  test("locking sends the version the person saw, and shows the answer at once", async () => {
    const server = new FakeServer(file("1", "a", free(), { version: 7 }));
    const store = await opened(server);
    expect(await store.act(row(store), { kind: "lock", options: { hours: 4 } })).toBe(true);
    expect(server.writes()).toEqual([["acquire", "1", { seenVersion: 7, seenVersionCreated: MADE, hours: 4 }]]);
    expect(row(store).lock.state).toBe("mine");
    expect(store.get().outcome).toMatchObject({ kind: "lock", title: "a", headMoved: false });
  });

  test("a version that arrived just before the lock is told", async () => {
    const server = new FakeServer(file("1", "a"));
    server.warning = { code: "head_moved", message: "", author: null, version: 8 };
    const store = await opened(server);
    await store.act(row(store), { kind: "lock", options: {} });
    expect(store.get().outcome?.headMoved).toBe(true);
  });

  test.each([
    [{ kind: "unlock" }, ["release", "1", "L1"]],
    [{ kind: "extend", options: {} }, ["extend", "1", "L1", {}]],
    [{ kind: "extend", options: { hours: 4, note: "" } }, ["extend", "1", "L1", { hours: 4, note: "" }]],
    [{ kind: "request", message: "please" }, ["request", "1", "L1", "please"]],
    [{ kind: "cancelRequest" }, ["cancelRequest", "1", "L1"]],
    [{ kind: "decline", accountId: "b", note: null }, ["decline", "1", "L1", "b", null]],
    [{ kind: "handOver", accountId: "b", reason: null }, ["handOver", "1", "L1", "b", null]],
    [{ kind: "break", reason: "r" }, ["break", "1", "L1", "r"]],
    [{ kind: "takeOver", reason: "r" }, ["takeOver", "1", "L1", "r"]],
    [{ kind: "notify" }, ["askNotice", "1"]],
    [{ kind: "cancelNotify" }, ["cancelNotice", "1"]],
  ] as const)("%o names the lock it is about", async (action, call) => {
    const server = new FakeServer(file("1", "a", mine()));
    const store = await opened(server);
    await store.act(row(store), action);
    expect(server.writes()).toEqual([call]);
  });

  test("the loser of a race sees the winner's lock and why", async () => {
    const server = new FakeServer(file("1", "a"));
    const store = await opened(server);
    server.failNext = refusal(409, "already_locked", others());
    expect(await store.act(row(store), { kind: "lock", options: {} })).toBe(false);
    expect(row(store).lock.holder).toEqual(BOB);
    expect(store.get().rowProblems.get("1")?.code).toBe("already_locked");
    store.dismissProblem("1");
    expect(store.get().rowProblems.size).toBe(0);
  });

  test("a file has one action at a time", async () => {
    const server = new FakeServer(file("1", "a"));
    const store = await opened(server);
    const first = store.act(row(store), { kind: "lock", options: {} });
    expect(store.get().working.has("1")).toBe(true);
    expect(await store.act(row(store), { kind: "lock", options: {} })).toBe(false);
    await first;
    expect(server.writes()).toHaveLength(1);
    expect(store.get().working.size).toBe(0);
  });

  test("a list that was asked for before an action finished does not undo what it showed", async () => {
    const server = new FakeServer(file("1", "a"));
    const store = await opened(server);
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => { release = resolve; });
    const normal = server.attachments.bind(server);
    server.attachments = async (...request) => {
      const old = await normal(...request);
      await gate;
      return old;
    };
    const slow = store.refresh();
    await store.act(row(store), { kind: "lock", options: {} });
    server.attachments = normal;
    release();
    await slow;
    expect(row(store).lock.state).toBe("mine");
  });
});

describe("what happened meanwhile", () => {
  test("a lock that somebody took over is told, with who and when", async () => {
    const server = new FakeServer(file("1", "a", mine()));
    const store = await opened(server);
    const lastEnded = { reason: "taken_over", by: DANA, at: "2026-11-21T11:00:00Z", why: "urgent" } as const;
    server.files = [file("1", "a", others({ lastEnded }))];
    await store.refresh();
    expect(store.get().notices).toMatchObject([{ kind: "lost", title: "a", ended: { by: DANA } }]);
    store.dismissNotice(store.get().notices[0]?.id ?? -1);
    expect(store.get().notices).toEqual([]);
  });

  test("my own unlock in another window is no news", async () => {
    const server = new FakeServer(file("1", "a", mine()));
    const store = await opened(server);
    const lastEnded = { reason: "released", by: ALICE, at: "2026-11-21T11:00:00Z", why: null } as const;
    server.files = [file("1", "a", free({ lastEnded }))];
    await store.refresh();
    expect(store.get().notices).toEqual([]);
  });

  test("a lock that I handed over is no news, one that a manager handed over is", async () => {
    for (const [by, count] of [
      [ALICE, 0],
      [DANA, 1],
    ] as const) {
      const server = new FakeServer(file("1", "a", mine()));
      const store = await opened(server);
      const lastEnded = { reason: "handed_over", by, at: "2026-11-21T11:00:00Z", why: null } as const;
      server.files = [file("1", "a", others({ lastEnded }))];
      await store.refresh();
      expect(store.get().notices).toHaveLength(count);
    }
  });

  test("my own unlock here is no news", async () => {
    const server = new FakeServer(file("1", "a", mine()));
    server.next = free();
    const store = await opened(server);
    await store.act(row(store), { kind: "unlock" });
    await store.refresh();
    expect(store.get().notices).toEqual([]);
  });

  test("a file I waited for is told when it becomes free", async () => {
    const server = new FakeServer(file("1", "a", others({ notifyMe: { asked: true, count: 1, position: 1 } })));
    const store = await opened(server);
    server.files = [file("1", "a", free())];
    await store.refresh();
    expect(store.get().notices).toMatchObject([{ kind: "free", title: "a" }]);
  });
});
