/** Something that is looked at again and again, gently: not while nobody sees it, and less often after failures. */
import { useEffect } from "preact/hooks";
import type { Problem } from "../problems";
import { useResource, type Resource } from "../ui/useResource";

const SLOWEST = 8;

/** Return how long to wait: as the server asks, else long after a failure. */
function waitOf(everyMs: number, problem: Problem | null): number {
  if (problem === null) return everyMs;
  return problem.retryAfter === null ? everyMs * SLOWEST : Math.max(everyMs, problem.retryAfter * 1000);
}

/** Load now, then every `everyMs` while the page is visible; null stops. */
export function useWatch<T>(load: () => Promise<T>, key: string, everyMs: number | null): Resource<T> {
  const resource = useResource(load, key);
  const { reload, loading, problem } = resource;
  useEffect(() => {
    if (loading || everyMs === null || problem?.code === "forbidden") return undefined;
    const wait = waitOf(everyMs, problem);
    const again = (): void => {
      if (document.visibilityState === "visible") reload();
    };
    const timer = setTimeout(again, wait);
    document.addEventListener("visibilitychange", again);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", again);
    };
  }, [loading, problem, everyMs, reload]);
  return resource;
}
