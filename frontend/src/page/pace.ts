/** How long to wait before the list is asked for again. */

export interface Pace {
  /** Requests that one refresh takes: long lists are asked for less often. */
  readonly requests: number;
  /** Refreshes in a row that failed. */
  readonly failures: number;
  /** Milliseconds since the person last did something here. */
  readonly idleMs: number;
  readonly hidden: boolean;
  /** Seconds the server asked us to wait, from the last failure. */
  readonly retryAfter: number | null;
}

const BASE_MS = 5_000;
const IDLE_AFTER_MS = 120_000;
const IDLE_FACTOR = 4;
const LONGEST_MS = 60_000;

/** Milliseconds until the next refresh; null: not before the surface is visible again. */
export function nextDelay(pace: Pace): number | null {
  if (pace.hidden) return null;
  const quiet = pace.idleMs > IDLE_AFTER_MS ? IDLE_FACTOR : 1;
  const wanted = BASE_MS * Math.max(1, pace.requests) * quiet * 2 ** pace.failures;
  return Math.max(Math.min(wanted, LONGEST_MS), (pace.retryAfter ?? 0) * 1000);
}
