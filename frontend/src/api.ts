/** Typed client of `/api/v1`. Its caller proves who asks, so it does not depend on the product around the frame. */
import { version } from "../package.json";

export interface Person {
  readonly accountId: string;
  /** Null where Confluence does not show it. */
  readonly displayName: string | null;
}

export type LockState = "free" | "mine" | "other" | "ending" | "unreadable";
export type Protection = "protected" | "restoring" | "unprotected" | "suspended";
export type EndReason = "released" | "broken" | "taken_over" | "handed_over" | "expired" | "holder_gone" | "file_gone";

export interface LastEnded {
  readonly reason: EndReason;
  readonly by: Person | null;
  readonly at: string;
  readonly why: string | null;
}

/** A lock as this viewer sees it; `can` says what the viewer may do now. */
export interface LockView {
  readonly state: LockState;
  readonly lockId: string | null;
  readonly holder: Person | null;
  readonly since: string | null;
  readonly expiresAt: string | null;
  /** Whole seconds left by the server's clock; null where the lock has no end. */
  readonly secondsLeft: number | null;
  readonly note: string | null;
  readonly unlockOnUpload: boolean;
  readonly protection: Protection;
  readonly unprotectedReason: string | null;
  /** When undoing goes on, where it is paused. */
  readonly pausedUntil: string | null;
  readonly notifyMe: { readonly asked: boolean; readonly count: number; readonly position: number | null };
  readonly can: {
    readonly lock: boolean;
    readonly release: boolean;
    readonly extend: boolean;
    readonly break: boolean;
    readonly takeOver: boolean;
    readonly notifyMe: boolean;
    /** The app may not edit the page, and the viewer may change that. */
    readonly giveAccess: boolean;
  };
  readonly lastEnded: LastEnded | null;
}

/** A file. In state `unreadable` only the id is certain: the title may be empty, the rest null. */
export interface Attachment {
  readonly id: string;
  readonly title: string;
  readonly mediaType: string | null;
  /** Bytes. */
  readonly fileSize: number | null;
  readonly version: number | null;
  /** When the version was made; it identifies the version, whose number is only its place. */
  readonly versionCreated: string | null;
  readonly links: { readonly open: string; readonly download: string } | null;
  readonly lock: LockView;
}

export interface Viewer {
  readonly accountId: string;
  readonly mayEdit: boolean;
  readonly mayBreak: boolean;
}

export interface PageOfAttachments {
  readonly items: readonly Attachment[];
  readonly nextCursor: string | null;
  readonly serverTime: string;
  readonly viewer: Viewer;
  /** False where Lockpoint is switched off in this space: then nothing is listed. */
  readonly active: boolean;
}

export interface LockAnswer {
  readonly id: string;
  readonly lock: LockView;
  readonly warning?: { readonly code: string; readonly message: string } | null;
}

export interface AcquireOptions {
  readonly seenVersion?: number;
  readonly seenVersionCreated?: string;
  readonly hours?: number;
  readonly note?: string;
  readonly unlockOnUpload?: boolean;
}

export interface NotifyAnswer {
  readonly notifyMe: LockView["notifyMe"];
}

/** A refusal by the server. `lock` is the state that caused it, where the server sends one. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly lock: LockView | null,
    /** Seconds that the server asks us to wait. */
    readonly retryAfter: number | null,
  ) {
    super(message);
  }
}

/** No answer arrived; a write may or may not have taken effect. */
export class NetworkError extends Error {}

export interface Api {
  /** Return one part of the list; null when nothing changed since this client got the whole list in one part. */
  attachments(pageId: string, cursor: string | null): Promise<PageOfAttachments | null>;
  acquire(id: string, options: AcquireOptions): Promise<LockAnswer>;
  release(id: string, lockId: string): Promise<LockAnswer>;
  extend(id: string, lockId: string): Promise<LockAnswer>;
  break(id: string, lockId: string, reason: string): Promise<LockAnswer>;
  takeOver(id: string, lockId: string, reason: string): Promise<LockAnswer>;
  askNotice(id: string): Promise<NotifyAnswer>;
  cancelNotice(id: string): Promise<NotifyAnswer>;
  giveAccess(pageId: string): Promise<void>;
}

export interface ApiDependencies {
  /** Rejects with a TypeError when no answer arrived. */
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
  readonly newId: () => string;
}

const ROWS_PER_REQUEST = 250;

/** Says which front end asks: on Forge, screens may be older than the server. */
const CLIENT_HEADER = "Lockpoint-Client";

interface ErrorBody {
  readonly error?: string;
  readonly message?: string;
  readonly lock?: LockView;
}

async function problemOf(response: Response): Promise<ApiError> {
  let body: ErrorBody = {};
  try {
    body = (await response.json()) as ErrorBody;
  } catch {
    // A proxy answered instead of the app, so only the status is known.
  }
  const wait = Number(response.headers.get("Retry-After"));
  return new ApiError(
    response.status,
    body.error ?? "unexpected",
    body.message ?? response.statusText,
    body.lock ?? null,
    Number.isFinite(wait) && wait > 0 ? wait : null,
  );
}

/** Return a client that repeats a write once when its answer was lost. */
export function createApi(deps: ApiDependencies): Api {
  async function answerTo(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string>), [CLIENT_HEADER]: version };
    try {
      return await deps.fetch(`/api/v1${path}`, { ...init, headers });
    } catch (cause) {
      if (cause instanceof TypeError) throw new NetworkError("no answer", { cause });
      throw cause;
    }
  }

  async function call<T>(path: string, init: RequestInit): Promise<T> {
    const response = await answerTo(path, init);
    if (!response.ok) throw await problemOf(response);
    return (await response.json()) as T;
  }

  /** ETags of lists that came in one part, by path. With one, the server says "unchanged" without asking Confluence. */
  const tags = new Map<string, string>();

  async function list(path: string): Promise<PageOfAttachments | null> {
    const tag = tags.get(path);
    const response = await answerTo(path, tag === undefined ? {} : { headers: { "If-None-Match": tag } });
    if (response.status === 304) return null;
    tags.delete(path);
    if (!response.ok) throw await problemOf(response);
    const page = (await response.json()) as PageOfAttachments;
    const fresh = response.headers.get("ETag");
    if (fresh !== null && page.nextCursor === null) tags.set(path, fresh);
    return page;
  }

  /** Send the same `requestId` when it repeats, so that the server does the work once. */
  async function write<T>(method: string, path: string, body: object): Promise<T> {
    const init = {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ requestId: deps.newId(), ...body }),
    };
    try {
      return await call<T>(path, init);
    } catch (error) {
      if (error instanceof NetworkError) return call<T>(path, init);
      throw error;
    }
  }

  const of = (id: string): string => `/attachments/${encodeURIComponent(id)}`;
  return {
    attachments(pageId, cursor) {
      const query = new URLSearchParams({ limit: String(ROWS_PER_REQUEST) });
      if (cursor !== null) query.set("cursor", cursor);
      return list(`/pages/${encodeURIComponent(pageId)}/attachments?${query.toString()}`);
    },
    acquire: (id, options) => write("POST", `${of(id)}/lock`, options),
    release: (id, lockId) => write("POST", `${of(id)}/lock/release`, { lockId }),
    extend: (id, lockId) => write("POST", `${of(id)}/lock/extend`, { lockId }),
    break: (id, lockId, reason) => write("POST", `${of(id)}/lock/break`, { lockId, reason }),
    takeOver: (id, lockId, reason) => write("POST", `${of(id)}/lock/take-over`, { lockId, reason }),
    askNotice: (id) => write("PUT", `${of(id)}/notify-me`, {}),
    cancelNotice: (id) => write("DELETE", `${of(id)}/notify-me`, {}),
    async giveAccess(pageId) {
      await write("POST", `/pages/${encodeURIComponent(pageId)}/access`, {});
      tags.clear(); // they speak of locks, not of what the app may do
    },
  };
}
