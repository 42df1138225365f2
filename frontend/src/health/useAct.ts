/** One click that changes something: working, then its result in words. */
import { useState } from "preact/hooks";
import { problemOf, type Problem } from "../problems";

export interface Act<A extends readonly unknown[]> {
  readonly state: "idle" | "working" | "done" | "failed";
  readonly problem: Problem | null;
  readonly run: (...args: A) => void;
}

export function useAct<A extends readonly unknown[]>(work: (...args: A) => Promise<unknown>, onDone: () => void): Act<A> {
  const [now, setNow] = useState<Pick<Act<A>, "state" | "problem">>({ state: "idle", problem: null });
  const run = (...args: A): void => {
    if (now.state === "working") return;
    setNow({ state: "working", problem: null });
    work(...args).then(() => {
      setNow({ state: "done", problem: null });
      onDone();
    }, (error: unknown) => setNow({ state: "failed", problem: problemOf(error) }));
  };
  return { ...now, run };
}
