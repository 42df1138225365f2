/** The delay before a list across pages is read again: each reading costs Confluence's points, see docs/costs.md. */

export interface ListConditions {
  readonly rows: number;
  readonly failures: number;
  readonly idleMs: number;
  readonly hidden: boolean;
  /** Seconds that the server asked us to wait in its last refusal. */
  readonly retryAfter: number | null;
}

const BASE_MS = 60_000;
const ROWS_PER_BASE = 50;
const IDLE_AFTER_MS = 300_000;
const IDLE_FACTOR = 5;
const LONGEST_MS = 600_000;

/** Return milliseconds; null means not before the list is visible again. */
export function listRefreshDelay({ rows, failures, idleMs, hidden, retryAfter }: ListConditions): number | null {
  if (hidden) return null;
  const size = Math.max(1, Math.ceil(rows / ROWS_PER_BASE));
  const wanted = BASE_MS * size * (idleMs > IDLE_AFTER_MS ? IDLE_FACTOR : 1) * 2 ** failures;
  return Math.max(Math.min(wanted, LONGEST_MS), (retryAfter ?? 0) * 1000);
}
