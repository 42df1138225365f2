/** One thing that the server is asked for, with its states. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { problemOf, type Problem } from "../problems";

export interface Resource<T> {
  readonly value: T | null;
  readonly problem: Problem | null;
  readonly loading: boolean;
  /** Ask again; the value shown stays until the answer arrives. */
  readonly reload: () => void;
  /** Show what a write answered. */
  readonly replace: (value: T) => void;
}

interface State<T> {
  readonly value: T | null;
  readonly problem: Problem | null;
  readonly loading: boolean;
}

/** Load when the screen opens and whenever `key` changes; an answer to an older question is dropped. */
export function useResource<T>(load: () => Promise<T>, key: string): Resource<T> {
  const [state, setState] = useState<State<T>>({ value: null, problem: null, loading: true });
  const asked = useRef(0);
  const latest = useRef(load);
  latest.current = load;

  const reload = useCallback(() => {
    asked.current += 1;
    const question = asked.current;
    const settle = (change: Partial<State<T>>): void => {
      if (question === asked.current) setState((now) => ({ ...now, ...change, loading: false }));
    };
    setState((now) => ({ ...now, loading: true }));
    latest.current().then((value) => settle({ value, problem: null }), (error: unknown) => settle({ problem: problemOf(error) }));
  }, []);
  useEffect(reload, [reload, key]);

  const replace = useCallback((value: T) => {
    asked.current += 1;
    setState({ value, problem: null, loading: false });
  }, []);
  return { ...state, reload, replace };
}
