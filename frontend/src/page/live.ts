/** Keeps an open list true: asks again every few seconds, less often when nobody looks. */
import { nextDelay } from "./pace";
import type { PageStore } from "./store";

const SIGNS_OF_LIFE = ["pointerdown", "keydown", "focusin"] as const;

/** Starts the refreshing; the answer stops it. */
export function keepFresh(store: PageStore, page: Document, now: () => number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let lastSign = now();

  const plan = (): void => {
    clearTimeout(timer);
    const { requests, failures, problem } = store.get();
    const delay = nextDelay({
      requests,
      failures,
      idleMs: now() - lastSign,
      hidden: page.visibilityState === "hidden",
      retryAfter: problem?.retryAfter ?? null,
    });
    if (!stopped && delay !== null) timer = setTimeout(again, delay);
  };
  const again = (): void => {
    void store.refresh().then(plan);
  };
  const seen = (): void => {
    if (page.visibilityState === "hidden") clearTimeout(timer);
    else again();
  };
  const alive = (): void => {
    lastSign = now();
  };

  page.addEventListener("visibilitychange", seen);
  for (const sign of SIGNS_OF_LIFE) page.addEventListener(sign, alive);
  again();
  return () => {
    stopped = true;
    clearTimeout(timer);
    page.removeEventListener("visibilitychange", seen);
    for (const sign of SIGNS_OF_LIFE) page.removeEventListener(sign, alive);
  };
}
