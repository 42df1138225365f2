/** A store of locks in a component: reads the list, and again while it is open. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { listsApi, locksApi, type Client, type ListedState, type ListsApi, type LockScope } from "../api";
import { listRefreshDelay } from "./refreshDelay";
import { liveRefresh } from "./liveRefresh";
import { EVERYTHING, ListStore, type ListState } from "./store";

export const now = (): number => performance.now();

const PART = 50;
/** Looking for what one waits for reads four times as many locks of others. */
const PART_WAITING = 25;

export interface LockListInUse {
  readonly store: ListStore;
  readonly state: ListState;
  readonly api: ListsApi;
}

function storeOf(client: Client, api: ListsApi, scope: LockScope, state: ListedState | null): ListStore {
  const wait = (seconds: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });
  const tools = { lists: api, locks: locksApi(client), now, newId: () => crypto.randomUUID(), wait };
  return new ListStore(tools, scope === "waiting" ? PART_WAITING : PART, { ...EVERYTHING, state });
}

/** `first` is the state that the list is filtered by at first. */
export function useLockList(client: Client, scope: LockScope, first: ListedState | null): LockListInUse {
  const [api, store] = useMemo(() => {
    const made = listsApi(client, scope);
    return [made, storeOf(client, made, scope, first)] as const;
  }, []);
  const [state, setState] = useState(store.get);
  useEffect(() => {
    const unsubscribe = store.subscribe(() => setState(store.get()));
    const stop = liveRefresh({
      refresh: () => store.refresh(),
      delay: (presence) => {
        const { rows, failures, problem } = store.get();
        return listRefreshDelay({ rows: rows.length, failures, retryAfter: problem?.retryAfter ?? null, ...presence });
      },
      now,
    }, document);
    return () => {
      stop();
      unsubscribe();
    };
  }, [store]);
  return { store, state, api };
}

/** Return the moment, renewed every half minute, so that times left go down. */
export function useMinutes(): number {
  const [moment, setMoment] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setMoment(now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return moment;
}
