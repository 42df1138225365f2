/** Reads a list again while it is open, visible and used; `delay` says when. */

const ACTIVITY_EVENTS = ["pointerdown", "keydown", "focusin"] as const;

export interface Presence {
  readonly idleMs: number;
  readonly hidden: boolean;
}

export interface LiveRefresh {
  refresh(): Promise<void>;
  /** Milliseconds until the next reading; null: not before the page is visible again. */
  delay(presence: Presence): number | null;
  readonly now: () => number;
}

/** Start with a first reading; return the function that stops it. A hidden page is read when it is shown and its time has come. */
export function liveRefresh({ refresh, delay, now }: LiveRefresh, page: Document): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let [lastActivity, lastRead] = [now(), now()];

  const schedule = (): void => {
    clearTimeout(timer);
    if (stopped) return;
    const wait = delay({ idleMs: now() - lastActivity, hidden: page.visibilityState === "hidden" });
    if (wait !== null) timer = setTimeout(read, Math.max(0, lastRead + wait - now()));
  };
  const read = (): void => {
    clearTimeout(timer);
    lastRead = now();
    void refresh().then(schedule);
  };
  const active = (): void => {
    lastActivity = now();
  };

  page.addEventListener("visibilitychange", schedule);
  for (const name of ACTIVITY_EVENTS) page.addEventListener(name, active);
  read();
  return () => {
    stopped = true;
    clearTimeout(timer);
    page.removeEventListener("visibilitychange", schedule);
    for (const name of ACTIVITY_EVENTS) page.removeEventListener(name, active);
  };
}
