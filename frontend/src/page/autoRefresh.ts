/** Automatic refresh of an open list: every few seconds, less often while nobody uses it. */
import { refreshDelay } from "./refreshDelay";
import type { PageStore } from "./store";

const ACTIVITY_EVENTS = ["pointerdown", "keydown", "focusin"] as const;

/** Start refreshing at once; return the function that stops it. */
export function autoRefresh(store: PageStore, page: Document, now: () => number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let lastActivity = now();

  const schedule = (): void => {
    clearTimeout(timer);
    const { requests, failures, problem } = store.get();
    const delay = refreshDelay({
      requests,
      failures,
      idleMs: now() - lastActivity,
      hidden: page.visibilityState === "hidden",
      retryAfter: problem?.retryAfter ?? null,
    });
    if (!stopped && delay !== null) timer = setTimeout(refresh, delay);
  };
  const refresh = (): void => {
    void store.refresh().then(schedule);
  };
  const visibilityChanged = (): void => {
    if (page.visibilityState === "hidden") clearTimeout(timer);
    else refresh();
  };
  const active = (): void => {
    lastActivity = now();
  };

  page.addEventListener("visibilitychange", visibilityChanged);
  for (const name of ACTIVITY_EVENTS) page.addEventListener(name, active);
  refresh();
  return () => {
    stopped = true;
    clearTimeout(timer);
    page.removeEventListener("visibilitychange", visibilityChanged);
    for (const name of ACTIVITY_EVENTS) page.removeEventListener(name, active);
  };
}
