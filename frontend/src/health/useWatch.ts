/** Something that is looked at again and again, gently: not while nobody sees it, and less often after failures. */
import { useEffect } from "preact/hooks";
import { useResource, type Resource } from "../ui/useResource";

const SLOWEST = 8;

/** Load now, then every `everyMs` while the page is visible; null stops. */
export function useWatch<T>(load: () => Promise<T>, key: string, everyMs: number | null): Resource<T> {
  const resource = useResource(load, key);
  const { reload, loading, problem } = resource;
  useEffect(() => {
    if (loading || everyMs === null) return undefined;
    const wait = Math.max(problem === null ? everyMs : everyMs * SLOWEST, (problem?.retryAfter ?? 0) * 1000);
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
