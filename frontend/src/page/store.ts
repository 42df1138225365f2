/**
 * The state of the page dialog and everything that changes it: loading, refreshing and actions.
 * It has no rendering, timers or browser objects, so that tests reach every rule.
 */
import type { AcquireOptions, Attachment, LastEnded, LocksApi, LockView, PageOfAttachments, Viewer } from "../api";
import { problemOf, type Problem } from "../problems";
import { isHeld } from "./rows";

export type Action =
  | { readonly kind: "lock"; readonly options: AcquireOptions }
  | { readonly kind: "unlock" | "extend" | "notify" | "cancelNotify" }
  | { readonly kind: "break" | "takeOver"; readonly reason: string };
export type ActionKind = Action["kind"];

/** News for the viewer about a change that somebody or something else made. */
export interface Notice {
  readonly id: number;
  readonly kind: "lost" | "free";
  readonly title: string;
  readonly ended: LastEnded | null;
}

/** The result of the viewer's last action, announced once. */
export interface Outcome {
  readonly id: number;
  readonly kind: ActionKind | "giveAccess";
  readonly title: string;
  readonly headMoved: boolean;
}

export interface PageState {
  readonly phase: "loading" | "ready" | "failed";
  readonly rows: readonly Attachment[];
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

const START: PageState = {
  phase: "loading",
  rows: [],
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

/** Return the object that is shown already when nothing changed, so that its row is not rendered again. */
function unchanged(before: Attachment | undefined, after: Attachment): Attachment {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(after) ? before : after;
}

/** Return the news that a change of a row is to its viewer: a lost lock, or a file they waited for. */
function noticeFor(before: Attachment, after: Attachment, me: string): Omit<Notice, "id"> | null {
  const ended = after.lock.lastEnded;
  if (after.lock.state === "unreadable") return null; // Nothing is known, so nothing is lost.
  if (before.lock.state === "mine" && after.lock.lockId !== before.lock.lockId) {
    // The viewer unlocked it in another window or by an upload, or handed it over, and knows.
    const own = ended?.reason === "released" || ended?.reason === "handed_over";
    if (own && ended.by?.accountId === me) return null;
    return { kind: "lost", title: after.title, ended };
  }
  const waited = before.lock.notifyMe.asked && isHeld(before.lock);
  return waited && after.lock.state === "free" ? { kind: "free", title: after.title, ended } : null;
}

export class PageStore {
  private state: PageState = START;
  private readonly listeners = new Set<() => void>();
  private refreshing: Promise<void> | null = null;
  /** Finished actions: a list requested before one of them is older than its answer. */
  private actions = 0;
  private counter = 0;

  constructor(
    private readonly api: LocksApi,
    private readonly pageId: string,
    private readonly now: () => number,
  ) {}

  readonly get = (): PageState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private set(change: Partial<PageState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
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
      } while (cursor !== null);
      if (actions !== this.actions) return;
      this.accept(rows, page, requests);
    } catch (error) {
      const phase = this.state.phase === "ready" ? "ready" : "failed";
      this.set({ phase, problem: problemOf(error), failures: this.state.failures + 1 });
    }
  }

  private accept(fresh: readonly Attachment[], page: PageOfAttachments, requests: number): void {
    const { viewer, serverTime, active } = page;
    const before = new Map(this.state.rows.map((row) => [row.id, row]));
    const rows = fresh.map((row) => unchanged(before.get(row.id), row));
    const notices = rows.flatMap((row) => {
      const old = before.get(row.id);
      const notice = old === undefined ? null : noticeFor(old, row, viewer.accountId);
      return notice === null ? [] : [{ ...notice, id: this.nextId() }];
    });
    this.set({
      phase: "ready",
      rows,
      viewer,
      active,
      serverTime,
      requests,
      receivedAt: this.now(),
      problem: null,
      failures: 0,
      notices: [...this.state.notices, ...notices],
    });
  }

  private nextId(): number {
    this.counter += 1;
    return this.counter;
  }

  /** Perform an action on one file. Return whether it worked; `rowProblems` holds what went wrong. */
  async act(row: Attachment, action: Action): Promise<boolean> {
    if (this.state.working.has(row.id)) return false;
    this.set({ working: new Set(this.state.working).add(row.id), rowProblems: this.withoutProblem(row.id) });
    try {
      const { lock, headMoved } = await this.perform(row, action);
      this.actions += 1;
      this.set({
        rows: this.replaced(row.id, lock),
        outcome: { id: this.nextId(), kind: action.kind, title: row.title, headMoved },
      });
      return true;
    } catch (error) {
      this.actions += 1;
      this.refuse(row, problemOf(error));
      return false;
    } finally {
      const working = new Set(this.state.working);
      working.delete(row.id);
      this.set({ working });
      void this.refreshAfterAction();
    }
  }

  /** Give the app access to the page. Never rejects; `accessProblem` holds what went wrong. */
  async giveAccess(): Promise<void> {
    if (this.state.givingAccess) return;
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

  private async refreshAfterAction(): Promise<void> {
    await this.refreshing;
    await this.refresh();
  }

  private async perform(row: Attachment, action: Action): Promise<{ lock: LockView; headMoved: boolean }> {
    const lockId = row.lock.lockId ?? "";
    switch (action.kind) {
      case "notify":
        return { lock: { ...row.lock, ...(await this.api.askNotice(row.id)) }, headMoved: false };
      case "cancelNotify":
        return { lock: { ...row.lock, ...(await this.api.cancelNotice(row.id)) }, headMoved: false };
      case "lock": {
        const seen = row.version === null || row.versionCreated === null
          ? {} : { seenVersion: row.version, seenVersionCreated: row.versionCreated };
        const answer = await this.api.acquire(row.id, { ...seen, ...action.options });
        return { lock: answer.lock, headMoved: answer.warning?.code === "head_moved" };
      }
      case "unlock":
        return { lock: (await this.api.release(row.id, lockId)).lock, headMoved: false };
      case "extend":
        return { lock: (await this.api.extend(row.id, lockId)).lock, headMoved: false };
      case "break":
        return { lock: (await this.api.break(row.id, lockId, action.reason)).lock, headMoved: false };
      case "takeOver":
        return { lock: (await this.api.takeOver(row.id, lockId, action.reason)).lock, headMoved: false };
    }
  }

  private refuse(row: Attachment, problem: Problem): void {
    const rowProblems = new Map(this.state.rowProblems).set(row.id, problem);
    this.set(problem.lock === null ? { rowProblems } : { rowProblems, rows: this.replaced(row.id, problem.lock) });
  }

  private replaced(id: string, lock: LockView): readonly Attachment[] {
    return this.state.rows.map((row) => (row.id === id ? { ...row, lock } : row));
  }

  private withoutProblem(id: string): ReadonlyMap<string, Problem> {
    const rest = new Map(this.state.rowProblems);
    rest.delete(id);
    return rest;
  }

  dismissProblem(id: string): void {
    this.set({ rowProblems: this.withoutProblem(id) });
  }

  dismissNotice(id: number): void {
    this.set({ notices: this.state.notices.filter((notice) => notice.id !== id) });
  }
}
