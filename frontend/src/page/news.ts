/** What a refreshed row is news of to its viewer: a lost lock, or a file they waited for. Requests and answers come as notices. */
import type { Attachment, LastEnded } from "../api";
import { isHeld } from "./rows";

/** News about a change that somebody or something else made. */
export interface Notice {
  readonly id: number;
  readonly kind: "lost" | "free";
  readonly title: string;
  readonly ended: LastEnded | null;
}

type News = Omit<Notice, "id">;

/** Return how a lock of the viewer's ended, unless they know: they unlocked it elsewhere or by an upload, or handed it over. */
function lost({ lock: before }: Attachment, { title, lock }: Attachment, me: string): News | null {
  if (before.state !== "mine" || lock.lockId === before.lockId) return null;
  const ended = lock.lastEnded;
  const own = ended?.reason === "released" || ended?.reason === "handed_over";
  return own && ended.by?.accountId === me ? null : { kind: "lost", title, ended };
}

export function newsOf(before: Attachment, after: Attachment, me: string): News | null {
  if (after.lock.state === "unreadable") return null; // Nothing is known, so nothing is lost.
  const waited = before.lock.notifyMe.asked && isHeld(before.lock) && after.lock.state === "free";
  return lost(before, after, me) ?? (waited ? { kind: "free", title: after.title, ended: after.lock.lastEnded } : null);
}
