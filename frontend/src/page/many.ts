/** What is done with many files at once: who is chosen, how far it is, what came of it. No rendering, no timers. */
import type { Attachment, LocksApi } from "../api";
import type { BulkItem, BulkOrder } from "../api/lists";
import { BulkStopped, runBulk, type BulkProgress, type BulkResult } from "../lists/bulk";
import { problemOf, type Problem } from "../problems";
import { seenOf } from "./actions";
import { Observed } from "./observed";
import { isAll, NOTHING_SELECTED, toggled, withAll, type Selection } from "./selection";
import type { PageStore } from "./store";

export const BULK_KINDS = ["lock", "unlock", "extend", "notify-me", "break"] as const;
export type BulkKind = (typeof BULK_KINDS)[number];

export interface ManyState {
  readonly selection: Selection;
  readonly kind: BulkKind | null;
  /** Null: nothing is under way. */
  readonly progress: BulkProgress | null;
  readonly stopping: boolean;
  readonly report: BulkReport | null;
}

/** What a finished bulk act did; `left` are files without a result. */
export interface BulkReport {
  readonly kind: BulkKind;
  readonly done: number;
  readonly refused: number;
  readonly left: number;
  readonly problem: Problem | null;
}

export interface ManyTools {
  readonly wait: (seconds: number) => Promise<void>;
  readonly newId: () => string;
}

/** Return whether the server would allow this for the file; what has no effect is left out. */
export function allows({ lock: { can, state, notifyMe } }: Attachment, kind: BulkKind): boolean {
  switch (kind) {
    case "lock": return can.lock;
    case "unlock": return can.release;
    case "extend": return can.extend;
    case "notify-me": return can.notifyMe && !notifyMe.asked && state !== "free" && state !== "mine";
    case "break": return can.break;
  }
}

function itemOf(row: Attachment, kind: BulkKind): BulkItem {
  if (kind === "notify-me") return { id: row.id };
  return kind === "lock" ? { id: row.id, ...seenOf(row) } : { id: row.id, lockId: row.lock.lockId };
}

/** Return why one file of many was refused. */
function refusalOf({ body }: BulkResult): Problem {
  const told = body as Partial<Record<"error" | "message", unknown>> & { readonly lock?: Problem["lock"] };
  return { code: String(told.error ?? "unexpected"), message: String(told.message ?? ""), lock: told.lock ?? null, retryAfter: null };
}

export class ManyFiles extends Observed<ManyState> {
  constructor(private readonly page: PageStore, private readonly api: Pick<LocksApi, "bulk">, private readonly tools: ManyTools) {
    super({ selection: NOTHING_SELECTED, kind: null, progress: null, stopping: false, report: null });
  }

  toggle(id: string, range: boolean, shown: readonly string[]): void {
    this.set({ selection: toggled(this.get().selection, id, range, shown) });
  }

  toggleAll(shown: readonly string[]): void {
    const { selection } = this.get();
    this.set({ selection: withAll(selection, shown, !isAll(selection, shown)) });
  }

  clear(): void {
    this.set({ selection: NOTHING_SELECTED });
  }

  /** Return the chosen files that are still there. */
  chosen(): readonly Attachment[] {
    const { ids } = this.get().selection;
    return this.page.get().rows.filter(({ id }) => ids.has(id));
  }

  /** Act on those of the chosen files where it is allowed. Each has its own result, shown in its row; what was not reached stays chosen. */
  async act(kind: BulkKind, reason: string | null = null): Promise<void> {
    const rows = this.chosen().filter((row) => allows(row, kind));
    if (this.get().kind !== null || rows.length === 0) return;
    this.set({ kind, report: null, stopping: false });
    const order: BulkOrder = { action: kind, items: rows.map((row) => itemOf(row, kind)), ...(reason === null ? {} : { reason }) };
    const { results, problem } = await this.resultsOf(order);
    for (const row of rows) this.show(row, results.get(row.id));
    this.finish(kind, rows, results, problem);
    await this.page.refreshAfterAction();
  }

  private async resultsOf(order: BulkOrder): Promise<{ results: ReadonlyMap<string, BulkResult>; problem: Problem | null }> {
    try {
      const results = await runBulk(order, {
        ...this.tools,
        send: (part, requestId) => this.api.bulk(part, requestId),
        progress: (progress) => this.set({ progress }),
        stopped: () => this.get().stopping,
      });
      return { results, problem: null };
    } catch (error) {
      if (!(error instanceof BulkStopped)) throw error;
      return { results: error.done, problem: problemOf(error.cause) };
    }
  }

  private show(row: Attachment, result: BulkResult | undefined): void {
    if (result?.outcome === "refused") this.page.refuse(row.id, refusalOf(result));
    if (result?.outcome !== "done") return;
    const { body } = result;
    if ("lock" in body) this.page.settle(row.id, body.lock as Attachment["lock"]);
    else if ("notifyMe" in body) this.page.settle(row.id, { ...row.lock, notifyMe: body.notifyMe as Attachment["lock"]["notifyMe"] });
  }

  private finish(kind: BulkKind, rows: readonly Attachment[], results: ReadonlyMap<string, BulkResult>, problem: Problem | null): void {
    const count = (outcome: BulkResult["outcome"]): number => rows.filter(({ id }) => results.get(id)?.outcome === outcome).length;
    const [done, refused] = [count("done"), count("refused")];
    const left = rows.filter(({ id }) => !["done", "refused"].includes(results.get(id)?.outcome ?? ""));
    const selection: Selection = { ids: new Set(left.map(({ id }) => id)), anchor: null };
    this.set({ kind: null, progress: null, selection, report: { kind, done, refused, left: left.length, problem } });
  }

  /** Begin no further call; what is on its way ends all the same. */
  stop(): void {
    this.set({ stopping: true });
  }

  dismissReport(): void {
    this.set({ report: null });
  }
}
