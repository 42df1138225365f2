/** Locked files on a server that answers lists, in parts. */
import type { BulkAnswer, BulkItem, BulkOrder, ListedLock, LockQuestion, LockView, PartOfLocks } from "../../src/api";
import { EVERYTHING, ListStore } from "../../src/lists/store";
import { ALICE, mine } from "../cast";

export function listed(id: string, lock: LockView = mine({ lockId: `L${id}` })): ListedLock {
  return { id, title: `${id}.txt`, open: `https://acme.example/wiki/open/${id}`, pageId: "9", pageTitle: "Plans", lock };
}

export function part(items: readonly ListedLock[], nextCursor: string | null = null): PartOfLocks {
  return { items, nextCursor, searchedAll: true, viewerAccountId: ALICE.accountId, serverTime: "2026-11-21T12:00:00Z" };
}

export interface Asked {
  readonly question: LockQuestion;
  readonly cursor: string | null;
  readonly limit: number;
  readonly answer: (answer: PartOfLocks) => Promise<void>;
  readonly fail: (error: unknown) => Promise<void>;
}

/** Let every waiting promise tell its followers. */
export const settled = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve); });

/** A store whose questions wait for the test, and whose acts are answered at once. */
export function stage() {
  const asked: Asked[] = [];
  const orders: { readonly order: BulkOrder; readonly requestId: string }[] = [];
  const waits: number[] = [];
  const calls: (readonly unknown[])[] = [];
  let ids = 0;
  const answers = { lock: mine(), bulk: (order: BulkOrder): BulkAnswer => done(order.items) };
  const did = (...call: readonly unknown[]) => {
    calls.push(call);
    return Promise.resolve({ id: String(call[1]), lock: answers.lock, warning: null, serverTime: "" });
  };
  const store = new ListStore({
    lists: {
      locks: (question, cursor, limit) => new Promise((resolve, reject) => {
        const answer = async (value: PartOfLocks): Promise<void> => { resolve(value); await settled(); };
        const fail = async (error: unknown): Promise<void> => { reject(error as Error); await settled(); };
        asked.push({ question, cursor, limit, answer, fail });
      }),
      bulk: (order, requestId) => {
        orders.push({ order, requestId });
        return Promise.resolve(answers.bulk(order));
      },
      handOver: (...call) => did("handOver", ...call),
      decline: (...call) => did("decline", ...call),
      cancelRequest: (...call) => did("cancelRequest", ...call),
    },
    locks: {
      release: (...call) => did("release", ...call),
      extend: (...call) => did("extend", ...call),
      break: (...call) => did("break", ...call),
      takeOver: (...call) => did("takeOver", ...call),
      askNotice: async () => ({ notifyMe: { asked: true, count: 1, position: 1 } }),
      cancelNotice: async () => ({ notifyMe: { asked: false, count: 0, position: null } }),
    },
    now: () => 1_000,
    newId: () => `request-${(ids += 1)}`,
    wait: async (seconds) => { waits.push(seconds); },
  }, 2);
  const at = (number: number): Asked => {
    const found = asked.at(number);
    if (found === undefined) throw new Error("Nothing was asked.");
    return found;
  };
  return { store, asked, at, orders, waits, calls, answers };
}

/** A stage whose list shows these files. */
export async function shownStage(...files: readonly ListedLock[]) {
  const made = stage();
  void made.store.ask(EVERYTHING);
  await made.at(-1).answer(part(files));
  return made;
}

export function done(items: readonly BulkItem[], outcome: "done" | "refused" | "retry" = "done", retryAfter: number | null = null): BulkAnswer {
  const body = outcome === "done" ? { id: "", lock: mine(), warning: null, serverTime: "" } : { error: "ending", message: "" };
  return { items: items.map(({ id }) => ({ id, outcome, status: outcome === "done" ? 200 : 409, body })), retryAfter, until: null, serverTime: "" };
}
