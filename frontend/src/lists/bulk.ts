/** One act on any number of files: calls of 100, and again what the server had no time for. No rendering, no timers. */
import type { BulkAnswer, BulkItem, BulkOrder } from "../api";
import { MOST_IN_BULK } from "../api/lists";

export type BulkResult = BulkAnswer["items"][number];

export interface BulkProgress {
  readonly total: number;
  /** Files with a final result. */
  readonly settled: number;
  /** Seconds until the rest goes on; null while the server works. */
  readonly waiting: number | null;
}

export interface BulkTools {
  send(order: BulkOrder, requestId: string): Promise<BulkAnswer>;
  wait(seconds: number): Promise<void>;
  newId(): string;
  progress(now: BulkProgress): void;
  /** Whether the viewer stopped it; what is on its way ends all the same. */
  stopped(): boolean;
}

/** Longer waits are no waits: the viewer is told what is left. */
export const LONGEST_WAIT = 60;
export const MOST_ROUNDS = 10;

function chunksOf(items: readonly BulkItem[]): readonly (readonly BulkItem[])[] {
  const count = Math.ceil(items.length / MOST_IN_BULK);
  return Array.from({ length: count }, (_, at) => items.slice(at * MOST_IN_BULK, (at + 1) * MOST_IN_BULK));
}

const isFinal = ({ outcome }: BulkResult): boolean => outcome !== "retry";

/** Act on one chunk until every file has a result; the same request is sent again, so that nothing is done twice. */
async function actOn(order: BulkOrder, tools: BulkTools, settle: (results: readonly BulkResult[], waiting: number | null) => void): Promise<readonly BulkResult[]> {
  const requestId = tools.newId();
  for (let round = 1; ; round += 1) {
    const { items, retryAfter } = await tools.send(order, requestId);
    const given = retryAfter === null || retryAfter > LONGEST_WAIT || round === MOST_ROUNDS || tools.stopped();
    settle(items, given ? null : retryAfter);
    if (given) return items;
    await tools.wait(retryAfter);
  }
}

/** Return the results by file. Whatever a failed call leaves open is thrown with `done`, the results until then. */
export async function runBulk(order: BulkOrder, tools: BulkTools): Promise<ReadonlyMap<string, BulkResult>> {
  const results = new Map<string, BulkResult>();
  const total = order.items.length;
  const tell = (waiting: number | null): void =>
    tools.progress({ total, settled: [...results.values()].filter(isFinal).length, waiting });
  tell(null);
  for (const items of chunksOf(order.items)) {
    if (tools.stopped()) break;
    await actOn({ ...order, items }, tools, (answers, waiting) => {
      for (const one of answers) results.set(one.id, one);
      tell(waiting);
    }).catch((error: unknown) => {
      throw new BulkStopped(results, error);
    });
  }
  return results;
}

/** A call failed as a whole. */
export class BulkStopped extends Error {
  constructor(readonly done: ReadonlyMap<string, BulkResult>, override readonly cause: unknown) {
    super("A bulk call failed.");
  }
}
