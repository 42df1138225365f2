/** The rows of the log so far, and the next part; an answer to older filters is dropped. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { AuditApi, AuditQuery, AuditRow } from "../api";
import { problemOf, type Problem } from "../problems";

export interface Log {
  readonly rows: readonly AuditRow[] | null;
  readonly next: string | null;
  readonly loading: boolean;
  readonly problem: Problem | null;
  readonly more: () => void;
  readonly reload: () => void;
}

type State = Pick<Log, "rows" | "next" | "loading" | "problem">;
const START: State = { rows: null, next: null, loading: true, problem: null };

export function useLog(api: AuditApi, query: AuditQuery): Log {
  const [state, setState] = useState<State>(START);
  const asked = useRef(0);
  const key = JSON.stringify(query);
  const load = useCallback((cursor: string | null) => {
    asked.current += 1;
    const question = asked.current;
    const settle = (change: (now: State) => State): void => {
      if (question === asked.current) setState(change);
    };
    setState((now) => ({ ...now, loading: true, problem: null }));
    api.page(JSON.parse(key) as AuditQuery, cursor).then(
      ({ items, nextCursor }) => settle((now) => ({
        rows: cursor === null ? items : [...(now.rows ?? []), ...items], next: nextCursor, loading: false, problem: null,
      })),
      (error: unknown) => settle((now) => ({ ...now, loading: false, problem: problemOf(error) })),
    );
  }, [api, key]);
  useEffect(() => load(null), [load]);
  return { ...state, more: () => load(state.next), reload: () => load(null) };
}
