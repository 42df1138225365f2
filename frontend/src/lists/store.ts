/**
 * The state of a list of locks across pages, and everything that changes it. It has no rendering, timers or browser objects.
 * Answers to older questions are dropped; an answer that an action overtook is dropped, too.
 */
import type { BulkOrder, ListedLock, ListsApi, LocksApi, LockQuestion, LockView, PartOfLocks } from "../api";
import { MOST_LISTED } from "../api/lists";
import { problemOf, type Problem } from "../problems";
import { BulkStopped, runBulk, type BulkProgress, type BulkResult, type BulkTools } from "./bulk";

export type RowAction =
  | { readonly kind: "unlock" | "extend" | "notify" | "cancelNotify" | "cancelRequest" }
  | { readonly kind: "break" | "takeOver"; readonly reason: string }
  | { readonly kind: "decline"; readonly accountId: string; readonly note: string | null }
  | { readonly kind: "handOver"; readonly accountId: string; readonly reason: string | null };

/** The result of the viewer's last action, announced once. */
export interface Outcome {
  readonly id: number;
  readonly kind: RowAction["kind"];
  readonly title: string | null;
}

/** A row and when it arrived, in milliseconds of the browser's monotonic clock. */
export interface ListRow {
  readonly id: string;
  readonly file: ListedLock;
  readonly at: number;
}

export interface BulkState {
  readonly action: BulkOrder["action"];
  readonly progress: BulkProgress;
  readonly stopping: boolean;
}

/** What a finished bulk act did; `left` are files without a result. */
export interface BulkReport {
  readonly action: BulkOrder["action"];
  readonly done: number;
  readonly refused: readonly { readonly title: string | null; readonly result: BulkResult }[];
  readonly left: number;
  readonly problem: Problem | null;
}

export interface ListState {
  readonly phase: "loading" | "ready" | "failed";
  readonly question: LockQuestion;
  /** The question that the rows answer: an earlier one while another is under way, or could not be answered yet. */
  readonly answered: LockQuestion;
  readonly asking: boolean;
  readonly loadingMore: boolean;
  readonly rows: readonly ListRow[];
  readonly nextCursor: string | null;
  readonly searchedAll: boolean;
  readonly serverTime: string | null;
  /** The viewer's account id; null until the server sent it. */
  readonly me: string | null;
  readonly problem: Problem | null;
  readonly failures: number;
  readonly working: ReadonlySet<string>;
  readonly rowProblems: ReadonlyMap<string, Problem>;
  readonly selected: ReadonlySet<string>;
  readonly bulk: BulkState | null;
  readonly report: BulkReport | null;
  readonly outcome: Outcome | null;
}

export const EVERYTHING: LockQuestion = { text: "", state: null, sort: "expires" };

const START: ListState = {
  phase: "loading", question: EVERYTHING, answered: EVERYTHING, asking: false, loadingMore: false, rows: [], nextCursor: null, searchedAll: true,
  serverTime: null, me: null, problem: null, failures: 0, working: new Set(), rowProblems: new Map(), selected: new Set(),
  bulk: null, report: null, outcome: null,
};

/** Seconds before a question is asked again that the server could not answer, where it names no time; and how often. */
const AGAIN_SECONDS = 5;
const MOST_AGAIN = 3;

export function isUnanswered({ question, answered }: ListState): boolean {
  return question !== answered;
}

type ListedActs = Pick<ListsApi, "locks" | "bulk" | "handOver" | "decline" | "cancelRequest">;

export interface ListTools {
  readonly lists: ListedActs;
  readonly locks: Pick<LocksApi, "release" | "extend" | "break" | "takeOver" | "askNotice" | "cancelNotice">;
  readonly now: () => number;
  readonly newId: () => string;
  readonly wait: (seconds: number) => Promise<void>;
}

function same(one: ListedLock, other: ListedLock): boolean {
  const known = ({ lock, ...file }: ListedLock): string => JSON.stringify([file, { ...lock, secondsLeft: null }]);
  return known(one) === known(other);
}

/** Return the row that is shown already where nothing changed, so that it is not rendered again. */
function kept(before: ListRow | undefined, file: ListedLock, at: number): ListRow {
  return before !== undefined && same(before.file, file) ? before : { id: file.id, file, at };
}

function without<T>(all: ReadonlyMap<string, T>, id: string): ReadonlyMap<string, T> {
  return new Map([...all].filter(([key]) => key !== id));
}

export class ListStore {
  private state: ListState;
  private readonly listeners = new Set<() => void>();
  /** Readings begun: an answer to an earlier one is too old to be shown. */
  private turn = 0;
  /** Finished actions: what was read before one of them is older than its answer. */
  private actions = 0;
  private counter = 0;
  private stopBulk = false;

  constructor(private readonly tools: ListTools, private readonly partSize = 50, question = EVERYTHING) {
    this.state = { ...START, question, answered: question };
  }

  readonly get = (): ListState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private set(change: Partial<ListState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }

  /** Ask another question: search, filter or order; again after a while where the server could not answer. */
  async ask(question: LockQuestion): Promise<void> {
    this.set({ question, asking: true, selected: new Set(), report: null });
    await this.read(this.partSize);
    const waits = (): boolean => this.state.question === question && isUnanswered(this.state);
    for (let times = 0; times < MOST_AGAIN && waits(); times += 1) {
      await this.tools.wait(this.state.problem?.retryAfter ?? AGAIN_SECONDS);
      if (waits()) await this.read(this.partSize);
    }
  }

  /** Read again as many rows as are shown. Never rejects. */
  async refresh(): Promise<void> {
    if (this.state.asking || this.state.bulk !== null || this.state.working.size > 0) return;
    await this.read(Math.max(this.partSize, this.state.rows.length));
  }

  private async read(wanted: number): Promise<void> {
    const [turn, actions] = [this.turn += 1, this.actions];
    try {
      const files: ListedLock[] = [];
      let part: PartOfLocks;
      let cursor: string | null = null;
      do {
        part = await this.tools.lists.locks(this.state.question, cursor, Math.min(wanted - files.length, MOST_LISTED));
        if (turn !== this.turn) return;
        files.push(...part.items);
        cursor = part.nextCursor;
      } while (cursor !== null && files.length < wanted && part.items.length > 0);
      if (actions !== this.actions) return await this.read(wanted);
      this.accept(files, part);
    } catch (error) {
      if (turn === this.turn) this.fail(error);
    }
  }

  private accept(files: readonly ListedLock[], { nextCursor, searchedAll, serverTime, viewerAccountId: me }: PartOfLocks): void {
    const before = new Map(this.state.rows.map((row) => [row.id, row]));
    const rows = files.map((file) => kept(before.get(file.id), file, this.tools.now()));
    const ids = new Set(rows.map(({ id }) => id));
    const selected = new Set([...this.state.selected].filter((id) => ids.has(id)));
    this.set({ phase: "ready", answered: this.state.question, asking: false, loadingMore: false, rows, selected, nextCursor, searchedAll, serverTime, me, problem: null, failures: 0 });
  }

  private fail(error: unknown): void {
    const phase = this.state.phase === "ready" ? "ready" : "failed";
    this.set({ phase, asking: false, loadingMore: false, problem: problemOf(error), failures: this.state.failures + 1 });
  }

  /** Add the next part. */
  async more(): Promise<void> {
    const { nextCursor, loadingMore, asking, question } = this.state;
    if (nextCursor === null || loadingMore || asking || isUnanswered(this.state)) return;
    const [turn, actions] = [this.turn, this.actions];
    this.set({ loadingMore: true });
    try {
      const part = await this.tools.lists.locks(question, nextCursor, this.partSize);
      if (turn !== this.turn || actions !== this.actions) return this.set({ loadingMore: false });
      const shown = new Map(this.state.rows.map((row) => [row.id, row]));
      for (const file of part.items) shown.set(file.id, kept(shown.get(file.id), file, this.tools.now()));
      const { nextCursor: next, searchedAll } = part;
      this.set({ rows: [...shown.values()], nextCursor: next, searchedAll, loadingMore: false, problem: null });
    } catch (error) {
      if (turn === this.turn) this.fail(error);
      else this.set({ loadingMore: false });
    }
  }

  select(ids: Iterable<string>, on: boolean): void {
    const selected = new Set(this.state.selected);
    for (const id of ids) {
      if (on) selected.add(id);
      else selected.delete(id);
    }
    this.set({ selected });
  }

  /** Perform an action on one file. Return whether it worked; `rowProblems` holds what went wrong. */
  async act({ id, file }: ListRow, action: RowAction): Promise<boolean> {
    if (this.state.working.has(id)) return false;
    this.set({ working: new Set(this.state.working).add(id), rowProblems: without(this.state.rowProblems, id) });
    try {
      const lock = await this.perform(file, action);
      this.actions += 1;
      this.replace(id, lock);
      this.set({ outcome: { id: this.nextId(), kind: action.kind, title: file.title } });
      return true;
    } catch (error) {
      this.actions += 1;
      const problem = problemOf(error);
      this.set({ rowProblems: new Map(this.state.rowProblems).set(id, problem) });
      if (problem.lock !== null) this.replace(id, problem.lock);
      return false;
    } finally {
      this.set({ working: new Set([...this.state.working].filter((one) => one !== id)) });
    }
  }

  private async perform({ id, lock }: ListedLock, action: RowAction): Promise<LockView> {
    const { lists, locks } = this.tools;
    const lockId = lock.lockId ?? "";
    switch (action.kind) {
      case "unlock": return (await locks.release(id, lockId)).lock;
      case "extend": return (await locks.extend(id, lockId)).lock;
      case "break": return (await locks.break(id, lockId, action.reason)).lock;
      case "takeOver": return (await locks.takeOver(id, lockId, action.reason)).lock;
      case "handOver": return (await lists.handOver(id, lockId, action.accountId, action.reason)).lock;
      case "decline": return (await lists.decline(id, lockId, action.accountId, action.note)).lock;
      case "cancelRequest": return (await lists.cancelRequest(id, lockId)).lock;
      case "notify": return { ...lock, ...(await locks.askNotice(id)) };
      case "cancelNotify": return { ...lock, ...(await locks.cancelNotice(id)) };
    }
  }

  private replace(id: string, lock: LockView): void {
    const at = this.tools.now();
    this.set({ rows: this.state.rows.map((row) => (row.id === id ? { id, file: { ...row.file, lock }, at } : row)) });
  }

  dismissProblem(id: string): void {
    this.set({ rowProblems: without(this.state.rowProblems, id) });
  }

  /** Act on many files; each has its own result. Reads the list again at the end. */
  async actOnMany(action: BulkOrder["action"], rows: readonly ListRow[], reason?: string): Promise<void> {
    if (this.state.bulk !== null || rows.length === 0) return;
    this.stopBulk = false;
    const items = rows.map(({ id, file }) => (action === "notify-me" ? { id } : { id, lockId: file.lock.lockId }));
    const order: BulkOrder = { action, items, ...(reason === undefined ? {} : { reason }) };
    const { results, problem } = await this.resultsOf(order);
    this.actions += 1;
    this.set({ bulk: null, report: reportOf(action, rows, results, problem), selected: new Set() });
    await this.refresh();
  }

  private async resultsOf(order: BulkOrder): Promise<{ results: ReadonlyMap<string, BulkResult>; problem: Problem | null }> {
    const tools: BulkTools = {
      send: (part, requestId) => this.tools.lists.bulk(part, requestId),
      wait: this.tools.wait,
      newId: this.tools.newId,
      progress: (progress) => this.set({ bulk: { action: order.action, progress, stopping: this.stopBulk } }),
      stopped: () => this.stopBulk,
    };
    try {
      return { results: await runBulk(order, tools), problem: null };
    } catch (error) {
      if (!(error instanceof BulkStopped)) throw error;
      return { results: error.done, problem: problemOf(error.cause) };
    }
  }

  stop(): void {
    this.stopBulk = true;
    if (this.state.bulk !== null) this.set({ bulk: { ...this.state.bulk, stopping: true } });
  }

  dismissReport(): void {
    this.set({ report: null });
  }

  private nextId(): number {
    this.counter += 1;
    return this.counter;
  }
}

function reportOf(
  action: BulkOrder["action"], rows: readonly ListRow[], results: ReadonlyMap<string, BulkResult>, problem: Problem | null,
): BulkReport {
  const of = rows.map(({ id, file }) => ({ title: file.title, result: results.get(id) }));
  const done = of.filter(({ result }) => result?.outcome === "done").length;
  const refused = of.flatMap(({ title, result }) => (result?.outcome === "refused" ? [{ title, result }] : []));
  return { action, done, refused, left: rows.length - done - refused.length, problem };
}
