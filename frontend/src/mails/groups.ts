/** Who gets which mail: the order of the list. */
import type { MailName } from "../api";

export const GROUPS = {
  owner: [
    "lock_will_end", "lock_ended", "lock_ended.file_gone", "lock_ended_by_other", "lock_ended_by_other.taken_over",
    "lock_ended_by_other.handed_over", "overwrite_attempt.undone", "overwrite_attempt", "overwrite_attempt.renamed",
    "overwrite_attempt.trashed", "overwrite_attempt.trashed_renamed", "overwrite_attempt.while_away", "overwrite_attempt.digest",
    "unprotected", "paused", "edit_request", "endless_locks", "summary",
  ],
  uploader: [
    "upload_undone.undone", "upload_undone", "upload_undone.renamed", "upload_undone.digest", "upload_undone.strict",
    "upload_undone.strict_renamed", "upload_undone.strict_digest",
  ],
  asking: ["file_available", "edit_answer", "edit_answer.handed_over"],
  manager: ["unprotected.manager", "paused.manager", "lock_ended.holder_gone"],
} as const satisfies Readonly<Record<string, readonly MailName[]>>;

export type Group = keyof typeof GROUPS;
export const GROUP_NAMES = Object.keys(GROUPS) as readonly Group[];
export const FIRST_MAIL: MailName = "lock_will_end";
