/** People, locks and a fake server for all tests. */
import { ApiError, type Attachment, type ExtendOptions, type LockAnswer, type LocksApi, type LockView, type PageOfAttachments, type Person } from "../src/api";
import type { BulkAnswer, BulkOrder } from "../src/api/lists";
import { formatsFor } from "../src/formats";
import type { Host, HostContext } from "../src/host";
import { learn, teach, translator } from "../src/messages";
import { en } from "../src/messages/en";
import type { Voice } from "../src/voice";

export const ALICE: Person = { accountId: "a", displayName: "Alice Adams" };
export const BOB: Person = { accountId: "b", displayName: "Bob Brown" };
export const DANA: Person = { accountId: "d", displayName: "Dana Diaz" };
export const NOW = new Date("2026-11-21T12:00:00Z");
export const MADE = "2026-11-20T08:00:00.123000Z";

teach(async () => Promise.resolve(en), {});
await learn("en-GB");

export const voice: Voice = {
  t: translator("en-GB"),
  formats: formatsFor("en-GB", "Europe/Berlin", () => NOW),
  locale: "en-GB",
  me: ALICE.accountId,
};

const NOTHING = {
  lock: false, release: false, extend: false, break: false, takeOver: false, notifyMe: false, giveAccess: false,
  request: false, cancelRequest: false, decline: false, handOver: false,
};

export function free(change: Partial<LockView> = {}): LockView {
  return {
    state: "free",
    lockId: null,
    holder: null,
    since: null,
    expiresAt: null,
    secondsLeft: null,
    note: null,
    unlockOnUpload: false,
    protection: "protected",
    unprotectedReason: null,
    pausedUntil: null,
    notifyMe: { asked: false, count: 0, position: null },
    requests: [],
    can: { ...NOTHING, lock: true },
    lastEnded: null,
    ...change,
  };
}

const HELD = { lockId: "L1", since: "2026-11-21T09:12:00Z", expiresAt: "2026-11-23T09:12:00Z", secondsLeft: 7_260 };

export function mine(change: Partial<LockView> = {}): LockView {
  return free({ ...HELD, state: "mine", holder: ALICE, can: { ...NOTHING, release: true, extend: true }, ...change });
}

export function others(change: Partial<LockView> = {}): LockView {
  return free({ ...HELD, state: "other", lockId: "L2", holder: BOB, can: { ...NOTHING, notifyMe: true }, ...change });
}

export function unreadable(): LockView {
  return free({ state: "unreadable", can: NOTHING });
}

/** Another person's lock as a space admin sees it. */
export function manageable(change: Partial<LockView> = {}): LockView {
  return others({ can: { ...NOTHING, break: true, takeOver: true, notifyMe: true }, ...change });
}

/** One's own lock where the app may not edit the page. */
export function blocked(change: Partial<LockView> = {}): LockView {
  const can = { ...NOTHING, release: true, giveAccess: true };
  return mine({ protection: "unprotected", unprotectedReason: "app_blocked", can, ...change });
}

export function file(id: string, title: string, lock: LockView = free(), change: Partial<Attachment> = {}): Attachment {
  const links = { open: `https://acme.example/open/${id}`, download: `https://acme.example/download/${id}` };
  const made = { version: 3, versionCreated: MADE };
  return { id, title, mediaType: "application/octet-stream", fileSize: 2_048, ...made, links, lock, ...change };
}

export function page(items: readonly Attachment[], change: Partial<PageOfAttachments> = {}): PageOfAttachments {
  return {
    title: "Budget 2027",
    items,
    total: items.length,
    nextCursor: null,
    serverTime: "2026-11-21T12:00:00Z",
    viewer: { accountId: ALICE.accountId, mayEdit: true, mayBreak: false },
    active: true,
    ...change,
  };
}

export function refusal(status: number, code: string, lock: LockView | null = null): ApiError {
  return new ApiError(status, code, "", lock, null);
}

/** A server with one page: it answers from `files` and records the calls. */
export class FakeServer implements LocksApi {
  readonly calls: (readonly unknown[])[] = [];
  files: readonly Attachment[];
  /** Thrown by the next call, once. */
  failNext: Error | null = null;
  viewer = { accountId: ALICE.accountId, mayEdit: true, mayBreak: false };
  pageSize = 1_000;
  /** The state after the next change. */
  next: LockView = mine();
  warning: LockAnswer["warning"] = null;

  constructor(...files: readonly Attachment[]) {
    this.files = files;
  }

  private async answer<T>(call: readonly unknown[], result: () => T): Promise<T> {
    this.calls.push(call);
    const failure = this.failNext;
    this.failNext = null;
    if (failure !== null) throw failure;
    return Promise.resolve(result());
  }

  /** Answers lists with "unchanged". */
  unchanged = false;

  attachments(pageId: string, cursor: string | null): Promise<PageOfAttachments | null> {
    return this.answer(["attachments", pageId, cursor], () => {
      if (this.unchanged) return null;
      const start = Number(cursor ?? 0);
      const end = start + this.pageSize;
      const nextCursor = end < this.files.length ? String(end) : null;
      return page(this.files.slice(start, end), { nextCursor, total: this.files.length, viewer: this.viewer });
    });
  }

  private change(name: string, id: string, ...rest: readonly unknown[]) {
    return this.answer([name, id, ...rest], () => {
      this.files = this.files.map((row) => (row.id === id ? { ...row, lock: this.next } : row));
      return { id, lock: this.next, warning: this.warning, serverTime: "2026-11-21T12:00:00Z" };
    });
  }

  acquire = (id: string, options: object) => this.change("acquire", id, options);
  release = (id: string, lockId: string) => this.change("release", id, lockId);
  extend = (id: string, lockId: string, options: ExtendOptions = {}) => this.change("extend", id, lockId, options);
  break = (id: string, lockId: string, reason: string) => this.change("break", id, lockId, reason);
  takeOver = (id: string, lockId: string, reason: string) => this.change("takeOver", id, lockId, reason);
  request = (id: string, lockId: string, message: string | null) => this.change("request", id, lockId, message);
  cancelRequest = (id: string, lockId: string) => this.change("cancelRequest", id, lockId);
  decline = (id: string, lockId: string, account: string, note: string | null) => this.change("decline", id, lockId, account, note);
  handOver = (id: string, lockId: string, account: string, reason: string | null) => this.change("handOver", id, lockId, account, reason);

  state = (id: string) => this.answer(["state", id], () => {
    const lock = this.files.find((row) => row.id === id)?.lock ?? free();
    return { id, lock, serverTime: "2026-11-21T12:00:00Z" };
  });

  /** Results of a bulk call by file; without one it is done, and the file's lock is `next`. */
  refused: Readonly<Record<string, BulkAnswer["items"][number]>> = {};
  retryAfter: number | null = null;

  bulk = (order: BulkOrder, requestId: string): Promise<BulkAnswer> => this.answer(["bulk", order, requestId], () => {
    const done = (id: string): BulkAnswer["items"][number] => {
      this.files = this.files.map((row) => (row.id === id ? { ...row, lock: this.next } : row));
      return { id, outcome: "done", status: 201, body: { id, lock: this.next, warning: null, serverTime: "2026-11-21T12:00:00Z" } };
    };
    const items = order.items.map(({ id }) => this.refused[id] ?? done(id));
    return { items, retryAfter: this.retryAfter, until: null, serverTime: "2026-11-21T12:00:00Z" };
  });

  private notify(name: string, id: string, notifyMe: LockView["notifyMe"]) {
    return this.answer([name, id], () => {
      this.files = this.files.map((row) => (row.id === id ? { ...row, lock: { ...row.lock, notifyMe } } : row));
      return { notifyMe };
    });
  }

  askNotice = (id: string) => this.notify("askNotice", id, { asked: true, count: 1, position: 1 });
  cancelNotice = (id: string) => this.notify("cancelNotice", id, { asked: false, count: 0, position: null });

  /** With access, the files are protected again. */
  giveAccess = (pageId: string) => this.answer(["giveAccess", pageId], () => {
    this.files = this.files.map((row) => ({ ...row, lock: this.next }));
  });

  writes(): readonly (readonly unknown[])[] {
    return this.calls.filter(([name]) => name !== "attachments" && name !== "state");
  }
}

/** The place of a screen. */
export function context(change: Partial<HostContext> = {}): HostContext {
  const where = { guest: false, contentId: null, spaceKey: "DS", tab: null, parameters: {} };
  return { screen: "page", ...where, locale: "en-GB", timeZone: "Europe/Berlin", ...change };
}

/** A host that answers every call with `answer`, and does nothing else. */
export function silentHost(answer: Host["fetch"] = () => Promise.resolve(Response.json({}))): Host {
  const nothing = (): void => undefined;
  return { context: () => Promise.resolve(context()), fetch: answer, followTheme: nothing, upload: () => Promise.resolve(), publicPage: () => null, settingsPage: () => Promise.resolve(null), open: nothing, close: nothing, keepParameters: () => Promise.resolve(), ready: nothing };
}
