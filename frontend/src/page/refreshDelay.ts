/** The delay before the next refresh of the list. */

export interface RefreshConditions {
  /** Requests that one refresh takes: long lists are refreshed less often. */
  readonly requests: number;
  /** Refreshes in a row that failed. */
  readonly failures: number;
  /** Milliseconds since the person last did something here. */
  readonly idleMs: number;
  readonly hidden: boolean;
  /** Seconds that the server asked us to wait in its last refusal. */
  readonly retryAfter: number | null;
}

const BASE_MS = 5_000;
const IDLE_AFTER_MS = 120_000;
const IDLE_FACTOR = 3;
const LONGEST_MS = 60_000;

/** Return milliseconds; null means not before the page is visible again. */
export function refreshDelay(conditions: RefreshConditions): number | null {
  const { requests, failures, idleMs, hidden, retryAfter } = conditions;
  if (hidden) return null;
  const idleFactor = idleMs > IDLE_AFTER_MS ? IDLE_FACTOR : 1;
  const wanted = BASE_MS * Math.max(1, requests) * idleFactor * 2 ** failures;
  return Math.max(Math.min(wanted, LONGEST_MS), (retryAfter ?? 0) * 1000);
}
