/** The calls about the files of one page. */
import type { Client } from "./client";
import type { BulkAnswer, BulkOrder } from "./lists";
import type {
  AcquireBody, AttachmentModel, EndReason, ExtendBody, LastEndedModel, ListModel, LockAnswerModel, LockModel, LockStateModel, NotifyModel, PersonModel, RequestModel,
  ViewerModel,
} from "./schema";

export type { EndReason };
export type Person = PersonModel;
export type LockView = LockModel;
export type LastEnded = LastEndedModel;
export type Attachment = AttachmentModel;
export type Viewer = ViewerModel;
export type PageOfAttachments = ListModel;
export type LockAnswer = LockAnswerModel;
export type NotifyAnswer = NotifyModel;
export type EditRequest = RequestModel;
export type AcquireOptions = Omit<AcquireBody, "requestId">;
/** What stays out is left as it is; an empty note goes. */
export type ExtendOptions = Omit<ExtendBody, "requestId" | "lockId">;

export interface LocksApi {
  /** Return one part of the list; null when nothing changed since this client got the whole list in one part. */
  attachments(pageId: string, cursor: string | null): Promise<PageOfAttachments | null>;
  state(id: string): Promise<LockStateModel>;
  acquire(id: string, options: AcquireOptions): Promise<LockAnswer>;
  release(id: string, lockId: string): Promise<LockAnswer>;
  extend(id: string, lockId: string, options?: ExtendOptions): Promise<LockAnswer>;
  break(id: string, lockId: string, reason: string): Promise<LockAnswer>;
  takeOver(id: string, lockId: string, reason: string): Promise<LockAnswer>;
  /** Ask the owner for the file. */
  request(id: string, lockId: string, message: string | null): Promise<LockAnswer>;
  cancelRequest(id: string, lockId: string): Promise<LockAnswer>;
  decline(id: string, lockId: string, accountId: string, note: string | null): Promise<LockAnswer>;
  /** Whoever is not the owner gives a reason. */
  handOver(id: string, lockId: string, accountId: string, reason: string | null): Promise<LockAnswer>;
  /** One act on at most `MOST_IN_BULK` files; the same request sent again does nothing twice. */
  bulk(order: BulkOrder, requestId: string): Promise<BulkAnswer>;
  askNotice(id: string): Promise<NotifyAnswer>;
  cancelNotice(id: string): Promise<NotifyAnswer>;
  giveAccess(pageId: string): Promise<void>;
}

const ROWS_PER_REQUEST = 250;

/** Leave out what was not said. */
function given<K extends string>(name: K, text: string | null): Partial<Record<K, string>> {
  return text === null ? {} : { [name]: text } as Record<K, string>;
}

export function locksApi({ read, readChanged, forgetTags, write }: Client): LocksApi {
  const of = (id: string): string => `/attachments/${encodeURIComponent(id)}`;
  return {
    attachments(pageId, cursor) {
      const query = new URLSearchParams({ limit: String(ROWS_PER_REQUEST) });
      if (cursor !== null) query.set("cursor", cursor);
      const path = `/pages/${encodeURIComponent(pageId)}/attachments?${query.toString()}`;
      return readChanged<PageOfAttachments>(path, (page) => page.nextCursor === null);
    },
    state: (id) => read(`${of(id)}/lock`),
    acquire: (id, options) => write("POST", `${of(id)}/lock`, options),
    release: (id, lockId) => write("POST", `${of(id)}/lock/release`, { lockId }),
    extend: (id, lockId, options = {}) => write("POST", `${of(id)}/lock/extend`, { lockId, ...options }),
    break: (id, lockId, reason) => write("POST", `${of(id)}/lock/break`, { lockId, reason }),
    takeOver: (id, lockId, reason) => write("POST", `${of(id)}/lock/take-over`, { lockId, reason }),
    request: (id, lockId, message) => write("POST", `${of(id)}/lock/request`, { lockId, ...given("message", message) }),
    cancelRequest: (id, lockId) => write("POST", `${of(id)}/lock/cancel-request`, { lockId }),
    decline: (id, lockId, accountId, note) => write("POST", `${of(id)}/lock/decline`, { lockId, accountId, ...given("note", note) }),
    handOver: (id, lockId, accountId, reason) => write("POST", `${of(id)}/lock/hand-over`, { lockId, accountId, ...given("reason", reason) }),
    bulk: ({ action, items, reason }, requestId) => write("POST", "/locks/bulk", { requestId, action, items, ...given("reason", reason ?? null) }),
    askNotice: (id) => write("PUT", `${of(id)}/notify-me`, {}),
    cancelNotice: (id) => write("DELETE", `${of(id)}/notify-me`, {}),
    async giveAccess(pageId) {
      await write("POST", `/pages/${encodeURIComponent(pageId)}/access`, {});
      forgetTags(); // they speak of locks, not of what the app may do
    },
  };
}
