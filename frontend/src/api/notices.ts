/** What an open surface should tell its viewer now. */
import type { Client } from "./client";
import type { MailKind, NoticeModel, NoticesModel } from "./schema";

export type OwnNotice = NoticeModel;
export type NoticeKind = MailKind;

export interface NoticesApi {
  /** Return what happened in the last minutes, newest first; null when nothing changed since the last call. */
  recent(): Promise<readonly OwnNotice[] | null>;
}

export function noticesApi({ readChanged }: Client): NoticesApi {
  return {
    recent: async () => (await readChanged<NoticesModel>("/notices", () => true))?.items ?? null,
  };
}
