import { describe, expect, test } from "vitest";
import { ApiError, NetworkError, type Change } from "../src/api";
import { differences, rebased, resolved, suggestion, suggestions, valueOf } from "../src/settings/merge";
import { problemsIn, refusedFields, shortens, type Name, type Values } from "../src/settings/rules";
import { decided, SettingsStore, type Source } from "../src/settings/store";
import { DANA } from "./cast";

const SITE: Values = {
  active: true, warnAfterHours: 24, unlockAfterHours: 48, strict: false, longestDays: 30, endless: false, restores: 3, allowedApps: ["a", "b", "e"],
};

describe("what is wrong with settings", () => {
  test.each([
    [{ warnAfterHours: 0 }, { warnAfterHours: { kind: "range", least: 1, most: 8760 } }],
    [{ warnAfterHours: 1.5 }, { warnAfterHours: { kind: "range", least: 1, most: 8760 } }],
    [{ unlockAfterHours: NaN }, { unlockAfterHours: { kind: "range", least: 1, most: 8760 } }],
    [{ longestDays: 366 }, { longestDays: { kind: "range", least: 1, most: 365 } }],
    [{ restores: 21 }, { restores: { kind: "range", least: 1, most: 20 } }],
    [{ warnAfterHours: 48 }, { warnAfterHours: { kind: "warnFirst" } }],
    [{ unlockAfterHours: 721 }, { unlockAfterHours: { kind: "tooLong", days: 30 } }],
    [{ unlockAfterHours: 720 }, {}],
    [{ unlockAfterHours: null, warnAfterHours: 8760 }, {}],
    [{ warnAfterHours: null }, {}],
  ] as const)("%j", (change, wrong) => {
    expect(problemsIn({ ...SITE, ...change })).toEqual(wrong);
  });

  test("a space is measured by what it inherits, too", () => {
    expect(problemsIn({ warnAfterHours: 60, unlockAfterHours: undefined }, SITE)).toEqual({ warnAfterHours: { kind: "warnFirst" } });
    expect(problemsIn({ warnAfterHours: undefined, unlockAfterHours: null }, SITE)).toEqual({});
  });

  test("the server's own refusals stand at their fields", () => {
    const fields = [{ field: "rules.unlockAfterHours", problem: "late" }, { field: "managers", problem: "many" }, { field: "other", problem: "?" }];
    expect(refusedFields({ fields })).toEqual({ unlockAfterHours: { kind: "tooLong", days: null }, managers: { kind: "refused" } });
    expect(refusedFields({ fields: "x" })).toEqual({});
  });
});

describe("whether running locks end sooner", () => {
  test.each([
    [{}, { unlockAfterHours: 47 }, true],
    [{}, { unlockAfterHours: 49 }, false],
    [{ unlockAfterHours: null }, { unlockAfterHours: 100 }, true],
    [{}, { unlockAfterHours: null }, false],
    [{}, { longestDays: 29 }, true],
    [{ endless: true }, { endless: false }, true],
    [{ endless: true, unlockAfterHours: null }, { endless: true, unlockAfterHours: null }, false],
    [{}, { warnAfterHours: 1 }, false],
  ])("%j to %j: %s", (before, after, expected) => {
    expect(shortens({ ...SITE, ...before }, { ...SITE, ...before, ...after })).toBe(expected);
  });

  test("in a space that inherits", () => {
    expect(shortens({ unlockAfterHours: 48 }, { unlockAfterHours: 24 })).toBe(true);
    expect(shortens({ unlockAfterHours: 48 }, { unlockAfterHours: 48 })).toBe(false);
  });
});

describe("two admins at once", () => {
  const theirs = { ...SITE, warnAfterHours: 20, strict: true, allowedApps: ["b", "c", "e"], restores: 5 };
  const mine = { ...SITE, warnAfterHours: 12, active: false, allowedApps: ["a", "b", "d"], restores: 5 };
  const found = differences(SITE, theirs, mine);

  test("what needs a decision comes first; what both changed alike is settled", () => {
    expect(found.map(({ name }) => name)).toEqual(["warnAfterHours", "active", "strict", "allowedApps"]);
  });

  test("what one side changed is chosen already, lists are united, a clash waits", () => {
    expect(suggestions(found)).toEqual({ active: "mine", strict: "theirs", allowedApps: "both" });
    expect(decided({ found, choices: suggestions(found) })).toBe(false);
    expect(decided({ found, choices: { ...suggestions(found), warnAfterHours: "theirs" } })).toBe(true);
  });

  test("together, lists have what either added and lack what either took away", () => {
    const lists = found.at(-1);
    expect(lists && valueOf(lists, "both")).toEqual(["b", "c", "d"]);
  });

  test("nothing that either chose is lost", () => {
    expect(resolved(theirs, found, { ...suggestions(found), warnAfterHours: "theirs" })).toEqual({
      ...SITE, warnAfterHours: 20, active: false, strict: true, allowedApps: ["b", "c", "d"], restores: 5,
    });
    expect(resolved(theirs, found, suggestions(found)).warnAfterHours).toBe(12);
  });

  test("going back to what is inherited is a change like others", () => {
    const theirs = { strict: true, active: false };
    const found = differences({ strict: true, active: undefined }, theirs, { strict: undefined, active: undefined });
    expect(found.map((one) => [one.name, suggestion(one)])).toEqual([["strict", "mine"], ["active", "theirs"]]);
    expect(resolved(theirs, found, suggestions(found))).toEqual({ strict: undefined, active: false });
  });

  test("a list in another order is the same", () => {
    expect(differences(SITE, { ...SITE, allowedApps: ["e", "b", "a"] }, SITE)).toEqual([]);
  });

  test("unsaved changes move on top of newer settings", () => {
    expect(rebased(SITE, { ...SITE, copyMode: true }, { ...SITE, strict: true })).toEqual({ ...SITE, copyMode: true, strict: true });
  });
});

interface Answer {
  readonly revision: number;
  readonly values: Values;
}

/** A server with one set of settings. */
class FakeSource implements Source<Answer> {
  now: Answer = { revision: 1, values: SITE };
  sent: (readonly Name[])[] = [];
  failNext: Error | null = null;
  by: Change | null = { at: "2026-11-21T11:00:00Z", person: DANA };

  private fail(): void {
    const failure = this.failNext;
    this.failNext = null;
    if (failure !== null) throw failure;
  }

  read = async (): Promise<Answer> => {
    this.fail();
    return Promise.resolve(this.now);
  };

  write = async ({ revision }: Answer, mine: Values, changed: readonly Name[]): Promise<Answer> => {
    this.fail();
    this.sent.push(changed);
    if (revision !== this.now.revision) throw new ApiError(412, "settings_changed", "", null, null);
    this.now = { revision: revision + 1, values: mine };
    return Promise.resolve(this.now);
  };

  values = ({ values }: Answer): Values => values;
  inherited = (): Values => ({});
  author = async (): Promise<Change | null> => (this.by === null ? Promise.reject(new Error("hidden")) : Promise.resolve(this.by));

  /** Another admin saves. */
  elsewhere(change: Values): void {
    this.now = { revision: this.now.revision + 1, values: { ...this.now.values, ...change } };
  }
}

async function opened() {
  const server = new FakeSource();
  const store = new SettingsStore(server);
  await store.load();
  return { server, store };
}

describe("the store", () => {
  test("sends what changed, and knows when nothing is left to save", async () => {
    const { server, store } = await opened();
    store.change("strict", true);
    store.change("restores", 4);
    store.change("restores", 3);
    expect(store.get().changed).toEqual(["strict"]);
    expect(await store.save()).toBe(true);
    expect(server.sent).toEqual([["strict"]]);
    expect(store.get()).toMatchObject({ changed: [], saved: 1, saving: false, problem: null });
  });

  test("sends nothing that is wrong", async () => {
    const { server, store } = await opened();
    store.change("warnAfterHours", NaN);
    expect(await store.save()).toBe(false);
    expect(server.sent).toEqual([]);
    store.discard();
    expect(store.get()).toMatchObject({ wrong: {}, changed: [], mine: SITE });
  });

  test("a failed save keeps the changes and says why", async () => {
    const { server, store } = await opened();
    store.change("strict", true);
    server.failNext = new NetworkError("no answer");
    expect(await store.save()).toBe(false);
    expect(store.get()).toMatchObject({ changed: ["strict"], problem: { code: "offline" }, saving: false });
    expect(await store.save()).toBe(true);
  });

  test("one setting is saved at once, the others stay unsaved", async () => {
    const { server, store } = await opened();
    store.change("strict", true);
    await store.saveOne("copyMode", true);
    expect(server.now.values).toEqual({ ...SITE, copyMode: true });
    expect(store.get()).toMatchObject({ changed: ["strict"], mine: { strict: true, copyMode: true } });
  });

  test("what is typed while a save runs stays, unsaved", async () => {
    const { store } = await opened();
    store.change("strict", true);
    const saving = store.save();
    store.change("restores", 9);
    await saving;
    expect(store.get()).toMatchObject({ changed: ["restores"], mine: { strict: true, restores: 9 } });
  });

  test("a collision is shown, settled and saved; a third admin makes another", async () => {
    const { server, store } = await opened();
    store.change("warnAfterHours", 12);
    server.elsewhere({ warnAfterHours: 20, strict: true });
    expect(await store.save()).toBe(false);
    expect(store.get().collision).toMatchObject({ by: { person: DANA }, choices: { strict: "theirs" } });
    store.choose("warnAfterHours", "mine");
    store.settle();
    server.elsewhere({ restores: 7 });
    expect(await store.save()).toBe(false);
    expect(store.get().collision?.choices).toEqual({ warnAfterHours: "mine", restores: "theirs" });
    store.settle();
    expect(await store.save()).toBe(true);
    expect(server.now.values).toEqual({ ...SITE, warnAfterHours: 12, strict: true, restores: 7 });
  });

  test("who saved may stay unknown", async () => {
    const { server, store } = await opened();
    server.by = null;
    store.change("strict", true);
    server.elsewhere({ restores: 7 });
    await store.save();
    expect(store.get().collision).toMatchObject({ by: null });
  });

  test("both wanted the same: that is saved", async () => {
    const { server, store } = await opened();
    store.change("strict", true);
    server.elsewhere({ strict: true });
    await store.save();
    expect(store.get()).toMatchObject({ collision: null, changed: [], saved: 1 });
  });

  test("when the newest settings cannot be read, the changes stay", async () => {
    const { server, store } = await opened();
    store.change("strict", true);
    server.elsewhere({ restores: 7 });
    const { read } = server;
    server.read = () => Promise.reject(new NetworkError("no answer"));
    await store.save();
    expect(store.get()).toMatchObject({ collision: null, changed: ["strict"], problem: { code: "offline" } });
    server.read = read;
    await store.save();
    expect(store.get().collision).not.toBeNull();
  });

  test("a refused load says why, and can be tried again", async () => {
    const server = new FakeSource();
    const store = new SettingsStore(server);
    server.failNext = new ApiError(403, "forbidden", "", null, null);
    await store.load();
    expect(store.get()).toMatchObject({ answer: null, loading: false, problem: { code: "forbidden" } });
    await store.load();
    expect(store.get()).toMatchObject({ problem: null, mine: SITE });
  });

  test("fields that the server refuses are marked", async () => {
    const { server, store } = await opened();
    store.change("unlockAfterHours", 60);
    server.failNext = new ApiError(422, "invalid_request", "", null, null, { fields: [{ field: "unlockAfterHours", problem: "late" }] });
    await store.save();
    expect(store.get().wrong).toEqual({ unlockAfterHours: { kind: "tooLong", days: null } });
  });
});
