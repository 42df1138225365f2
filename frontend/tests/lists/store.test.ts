import { describe, expect, test } from "vitest";
import { ApiError, NetworkError } from "../../src/api";
import { EVERYTHING } from "../../src/lists/store";
import { free, mine, others } from "../cast";
import { done, listed, part, settled, shownStage, stage } from "./shelf";

const ids = (store: { get(): { rows: readonly { id: string }[] } }) => store.get().rows.map(({ id }) => id);

describe("a list of locks across pages", () => {
  test("an answer to an older question is dropped", async () => {
    const { store, at } = stage();
    void store.ask({ ...EVERYTHING, text: "pl" });
    void store.ask({ ...EVERYTHING, text: "plan" });
    await at(1).answer(part([listed("2")]));
    await at(0).answer(part([listed("1")]));
    expect(ids(store)).toEqual(["2"]);
    expect(store.get()).toMatchObject({ phase: "ready", asking: false });
  });

  test("what was read before an action ended is read again", async () => {
    const { store, at, asked, answers } = await shownStage(listed("1"));
    void store.ask({ ...EVERYTHING, sort: "since" });
    answers.lock = free();
    await store.act(store.get().rows[0]!, { kind: "unlock" });
    await at(1).answer(part([listed("1")]));
    expect(asked).toHaveLength(3);
    await at(2).answer(part([]));
    expect(store.get()).toMatchObject({ rows: [], asking: false });
  });

  test("parts follow each other, and nothing is there twice", async () => {
    const { store, at } = stage();
    void store.ask(EVERYTHING);
    await at(0).answer(part([listed("1"), listed("2")], "next"));
    void store.more();
    void store.more();
    expect(at(-1)).toMatchObject({ cursor: "next", limit: 2 });
    await at(1).answer(part([listed("2"), listed("3")]));
    expect(ids(store)).toEqual(["1", "2", "3"]);
    expect(store.get().nextCursor).toBeNull();
  });

  test("a refresh reads as many rows as are shown, and keeps unchanged ones as they are", async () => {
    const { store, at } = stage();
    void store.ask(EVERYTHING);
    await at(0).answer(part([listed("1"), listed("2")], "c"));
    void store.more();
    await at(1).answer(part([listed("3")]));
    store.select(["1", "3"], true);
    const first = store.get().rows[0];
    void store.refresh();
    expect(at(2).limit).toBe(3);
    await at(2).answer(part([listed("1", mine({ lockId: "L1", secondsLeft: 5 })), listed("2", others())]));
    expect(store.get().rows[0]).toBe(first);
    expect(store.get().rows[1]?.file.lock.state).toBe("other");
    expect([...store.get().selected]).toEqual(["1"]);
  });

  test("a part of a list of 1,000 is asked for in the server's largest parts", async () => {
    const many = Array.from({ length: 1_000 }, (_, at) => listed(String(at)));
    const { store, at } = await shownStage(...many);
    void store.refresh();
    for (let round = 0; round < 4; round += 1) {
      expect(at(-1).limit).toBe(250);
      await at(-1).answer(part(many.slice(round * 250, (round + 1) * 250), round < 3 ? `c${round}` : null));
    }
    expect(store.get().rows).toHaveLength(1_000);
  });

  test("a question that the server had no place for is asked again, and meanwhile the rows are not taken for its answer", async () => {
    const { store, at, asked, waits } = stage();
    void store.ask(EVERYTHING);
    await at(0).answer(part([listed("0"), listed("1")], "next"));
    const search = { ...EVERYTHING, text: "plan" };
    void store.ask(search);
    await at(1).fail(new ApiError(429, "too_many_requests", "", null, 2));
    expect(store.get()).toMatchObject({ question: search, answered: EVERYTHING, asking: false, problem: { retryAfter: 2 } });
    await store.more();
    expect(waits).toEqual([2]);
    expect(asked.map(({ question, cursor }) => [question.text, cursor])).toEqual([["", null], ["plan", null], ["plan", null]]);
    await at(2).answer(part([listed("2")]));
    expect(store.get()).toMatchObject({ answered: search, problem: null });
    expect(ids(store)).toEqual(["2"]);
    expect(asked).toHaveLength(3);
  });

  test("a question that stays without an answer is left to the next refresh", async () => {
    const { store, at, asked, waits } = await shownStage(listed("1"));
    void store.ask({ ...EVERYTHING, text: "plan" });
    for (let times = 1; times <= 4; times += 1) await at(times).fail(new NetworkError("no answer"));
    expect([asked.length, waits]).toEqual([5, [5, 5, 5]]);
    void store.refresh();
    await at(5).answer(part([]));
    expect(store.get()).toMatchObject({ rows: [], problem: null });
  });

  test("a failure keeps the rows and says so; the first one fails the list", async () => {
    const { store, at } = await shownStage(listed("1"));
    void store.refresh();
    await at(-1).fail(new NetworkError("no answer"));
    expect(store.get()).toMatchObject({ phase: "ready", failures: 1, problem: { code: "offline" } });
    expect(ids(store)).toEqual(["1"]);
    const fresh = stage();
    void fresh.store.refresh();
    await fresh.at(0).fail(new ApiError(403, "forbidden", "", null, null));
    expect(fresh.store.get()).toMatchObject({ phase: "failed", problem: { code: "forbidden" } });
  });

  test("an unlocked row stays until the list is read again, so that the focus has a place", async () => {
    const { store, answers, calls } = await shownStage(listed("1"));
    answers.lock = free();
    expect(await store.act(store.get().rows[0]!, { kind: "unlock" })).toBe(true);
    expect(calls).toEqual([["release", "1", "L1"]]);
    expect(store.get().rows[0]?.file.lock.state).toBe("free");
    expect(store.get().outcome).toMatchObject({ kind: "unlock", title: "1.txt" });
  });

  test("a hand-over names to whom, and why where the owner did not do it", async () => {
    const { store, calls } = await shownStage(listed("1"));
    await store.act(store.get().rows[0]!, { kind: "handOver", accountId: "b", reason: "away" });
    expect(calls).toEqual([["handOver", "1", "L1", "b", "away"]]);
  });

  test("a request is declined with a note or without, and one's own is withdrawn", async () => {
    const { store, calls } = await shownStage(listed("1"));
    await store.act(store.get().rows[0]!, { kind: "decline", accountId: "b", note: null });
    await store.act(store.get().rows[0]!, { kind: "cancelRequest" });
    expect(calls).toEqual([["decline", "1", "L1", "b", null], ["cancelRequest", "1", "L1"]]);
    expect(store.get().outcome).toMatchObject({ kind: "cancelRequest", title: "1.txt" });
  });

  test("a bulk act has a report, and the list is read again", async () => {
    const { store, at, answers, orders } = await shownStage(listed("1"), listed("2"), listed("3"));
    answers.bulk = ({ items }) => ({ ...done(items.slice(0, 2)), items: [...done(items.slice(0, 2)).items, ...done(items.slice(2), "refused").items] });
    store.select(["1", "2", "3"], true);
    const acting = store.actOnMany("break", store.get().rows, "release day");
    await settled();
    expect(orders[0]?.order).toMatchObject({ action: "break", reason: "release day", items: [{ id: "1", lockId: "L1" }, {}, {}] });
    expect(store.get().report).toMatchObject({ action: "break", done: 2, left: 0, refused: [{ title: "3.txt" }] });
    expect(store.get().selected.size).toBe(0);
    await at(-1).answer(part([listed("3")]));
    await acting;
    expect(ids(store)).toEqual(["3"]);
  });
});
