/**
 * The state of the page dialog and everything that changes it: loading, refreshing and actions.
 * It has no rendering, timers or browser objects, so that tests reach every rule.
 */
import type { Attachment, LocksApi, LockView, PageOfAttachments, Viewer } from "../api";
import { problemOf, type Problem } from "../problems";
import { perform, type Action, type ActionKind } from "./actions";
import { newsOf, type Notice } from "./news";
import { Observed } from "./observed";

/** The result of the viewer's last action, announced once. */
export interface Outcome {
  readonly id: number;
  readonly kind: ActionKind | "giveAccess";
  readonly title: string;
  readonly headMoved: boolean;
}

export interface PageState {
  readonly phase: "loading" | "ready" | "failed";
  /** While a first list arrives in parts: those that came. */
  readonly rows: readonly Attachment[];
  readonly total: number;
  /** The page's name; empty until the server told it. */
  readonly title: string;
  readonly viewer: Viewer | null;
  readonly active: boolean;
  /** Set when the last refresh failed; the rows are then those of the refresh before. */
  readonly problem: Problem | null;
  readonly failures: number;
  readonly requests: number;
  /** When the server read the rows, by its clock. */
  readonly serverTime: string | null;
  /** When the rows arrived, in milliseconds of the browser's monotonic clock. */
  readonly receivedAt: number;
  readonly working: ReadonlySet<string>;
  readonly rowProblems: ReadonlyMap<string, Problem>;
  readonly notices: readonly Notice[];
  readonly outcome: Outcome | null;
  readonly givingAccess: boolean;
  /** Why the app could not be given access to the page. */
  readonly accessProblem: Problem | null;
}

/** Whether the viewer may change the page and its attachments, as far as the server has told. */
export function viewerMayEdit({ viewer }: PageState): boolean {
  return viewer?.mayEdit === true;
}

const START: PageState = {
  phase: "loading",
  rows: [],
  total: 0,
  title: "",
  viewer: null,
  active: true,
  problem: null,
  failures: 0,
  requests: 1,
  serverTime: null,
  receivedAt: 0,
  working: new Set(),
  rowProblems: new Map(),
  notices: [],
  outcome: null,
  givingAccess: false,
  accessProblem: null,
};

/** Return the row that is shown already when nothing changed, so that it is not rendered again. */
function unchanged(before: Attachment | undefined, after: Attachment): Attachment {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(after) ? before : after;
}

export class PageStore extends Observed<PageState> {
  private refreshing: Promise<void> | null = null;
  /** Finished actions: a list requested before one of them is older than its answer. */
  private actions = 0;
  private counter = 0;

  constructor(
    private readonly api: LocksApi,
    private readonly pageId: string,
    private readonly now: () => number,
  ) {
    super(START);
  }

  /** Load the whole list. Never rejects; concurrent calls share one request. */
  refresh(): Promise<void> {
    this.refreshing ??= this.load().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  private async load(): Promise<void> {
    const actions = this.actions;
    try {
      const rows: Attachment[] = [];
      let requests = 0;
      let cursor: string | null = null;
      let page;
      do {
        page = await this.api.attachments(this.pageId, cursor);
        if (page === null) {
          this.set({ problem: null, failures: 0 });
          return;
        }
        rows.push(...page.items);
        cursor = page.nextCursor;
        requests += 1;
        if (cursor !== null) this.acceptPart(rows, page);
      } while (cursor !== null);
      if (actions !== this.actions) return;
      this.accept(rows, page, requests);
    } catch (error) {
      const phase = this.get().phase === "ready" ? "ready" : "failed";
      this.set({ phase, problem: problemOf(error), failures: this.get().failures + 1 });
    }
  }

  /** A first list is shown as it arrives; a later one replaces the rows when it is whole. */
  private acceptPart(rows: readonly Attachment[], { viewer, serverTime, total, title, active }: PageOfAttachments): void {
    if (this.get().phase === "ready") return;
    this.set({ phase: "loading", rows: [...rows], total, title, viewer, active, serverTime, receivedAt: this.now() });
  }

  private accept(fresh: readonly Attachment[], page: PageOfAttachments, requests: number): void {
    const { viewer, serverTime, active, title } = page;
    const before = new Map(this.get().rows.map((row) => [row.id, row]));
    const rows = fresh.map((row) => unchanged(before.get(row.id), row));
    const notices = rows.flatMap((row) => {
      const old = before.get(row.id);
      const news = old === undefined ? null : newsOf(old, row, viewer.accountId);
      return news === null ? [] : [{ ...news, id: this.nextId() }];
    });
    this.set({
      phase: "ready",
      rows,
      total: rows.length,
      title,
      viewer,
      active,
      serverTime,
      requests,
      receivedAt: this.now(),
      problem: null,
      failures: 0,
      notices: [...this.get().notices, ...notices],
    });
  }

  private nextId(): number {
    this.counter += 1;
    return this.counter;
  }

  /** Perform an action on one file. Return whether it worked; `rowProblems` holds what went wrong. */
  async act(row: Attachment, action: Action): Promise<boolean> {
    if (this.get().working.has(row.id)) return false;
    this.set({ working: new Set(this.get().working).add(row.id), rowProblems: this.withoutProblem(row.id) });
    try {
      const { lock, headMoved } = await perform(this.api, row, action);
      this.settle(row.id, lock);
      this.set({ outcome: { id: this.nextId(), kind: action.kind, title: row.title, headMoved } });
      return true;
    } catch (error) {
      this.refuse(row.id, problemOf(error));
      return false;
    } finally {
      this.set({ working: new Set([...this.get().working].filter((id) => id !== row.id)) });
      void this.refreshAfterAction();
    }
  }

  /** Give the app access to the page. Never rejects; `accessProblem` holds what went wrong. */
  async giveAccess(): Promise<void> {
    if (this.get().givingAccess) return;
    this.set({ givingAccess: true, accessProblem: null });
    try {
      await this.api.giveAccess(this.pageId);
      this.set({ outcome: { id: this.nextId(), kind: "giveAccess", title: "", headMoved: false } });
    } catch (error) {
      this.set({ accessProblem: problemOf(error) });
    }
    this.actions += 1;
    await this.refreshAfterAction();
    this.set({ givingAccess: false });
  }

  /** Read the list again, after what is under way and was asked before the action. */
  async refreshAfterAction(): Promise<void> {
    await this.refreshing;
    await this.refresh();
  }

  /** Show what the server answered about one lock. */
  settle(id: string, lock: LockView): void {
    this.actions += 1;
    this.set({ rows: this.replaced(id, lock), rowProblems: this.withoutProblem(id) });
  }

  /** Show why something was refused, with the present lock where the server sent it. */
  refuse(id: string, problem: Problem): void {
    this.actions += 1;
    const rowProblems = new Map(this.get().rowProblems).set(id, problem);
    this.set(problem.lock === null ? { rowProblems } : { rowProblems, rows: this.replaced(id, problem.lock) });
  }

  private replaced(id: string, lock: LockView): readonly Attachment[] {
    return this.get().rows.map((row) => (row.id === id ? { ...row, lock } : row));
  }

  private withoutProblem(id: string): ReadonlyMap<string, Problem> {
    return new Map([...this.get().rowProblems].filter(([key]) => key !== id));
  }

  dismissProblem(id: string): void {
    this.set({ rowProblems: this.withoutProblem(id) });
  }

  dismissNotice(id: number): void {
    this.set({ notices: this.get().notices.filter((notice) => notice.id !== id) });
  }
}
