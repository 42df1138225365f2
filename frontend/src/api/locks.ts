/** The calls about the files of one page. */
import type { Client } from "./client";
import type { AcquireBody, AttachmentModel, EndReason, LastEndedModel, ListModel, LockAnswerModel, LockModel, NotifyModel, PersonModel, ViewerModel } from "./schema";

export type { EndReason };
export type Person = PersonModel;
export type LockView = LockModel;
export type LastEnded = LastEndedModel;
export type Attachment = AttachmentModel;
export type Viewer = ViewerModel;
export type PageOfAttachments = ListModel;
export type LockAnswer = LockAnswerModel;
export type NotifyAnswer = NotifyModel;
export type AcquireOptions = Omit<AcquireBody, "requestId">;

export interface LocksApi {
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

const ROWS_PER_REQUEST = 250;

export function locksApi({ readChanged, forgetTags, write }: Client): LocksApi {
  const of = (id: string): string => `/attachments/${encodeURIComponent(id)}`;
  return {
    attachments(pageId, cursor) {
      const query = new URLSearchParams({ limit: String(ROWS_PER_REQUEST) });
      if (cursor !== null) query.set("cursor", cursor);
      const path = `/pages/${encodeURIComponent(pageId)}/attachments?${query.toString()}`;
      return readChanged<PageOfAttachments>(path, (page) => page.nextCursor === null);
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
      forgetTags(); // they speak of locks, not of what the app may do
    },
  };
}
