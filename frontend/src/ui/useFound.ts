/** What is found while somebody types: asked for when they pause, and never an answer to an older text. */
import { useEffect, useState } from "preact/hooks";
import type { Named } from "../api";
import { problemOf, type Problem } from "../problems";

export interface Found {
  readonly state: "idle" | "searching" | "found" | "failed";
  readonly options: readonly Named[];
  readonly problem: Problem | null;
}

const NOTHING: Found = { state: "idle", options: [], problem: null };
export const PAUSE_MS = 250;

export function useFound(text: string, find: (text: string) => Promise<readonly Named[]>): Found {
  const [found, setFound] = useState<Found>(NOTHING);
  const wanted = text.trim();
  useEffect(() => {
    if (wanted === "") {
      setFound(NOTHING);
      return undefined;
    }
    let current = true;
    const show = (next: Found): void => {
      if (current) setFound(next);
    };
    setFound((now) => ({ ...now, state: "searching", problem: null }));
    const ask = (): void => void find(wanted).then(
      (options) => show({ state: "found", options, problem: null }),
      (error: unknown) => show({ state: "failed", options: [], problem: problemOf(error) }),
    );
    const timer = setTimeout(ask, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [wanted, find]);
  return found;
}
