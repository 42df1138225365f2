/** What a refreshed row is news of to its viewer: a lost lock, a file they waited for, a request, an answer. */
import type { Attachment, EditRequest, LastEnded, Person } from "../api";
import { isHeld } from "./rows";

/** News about a change that somebody or something else made. */
export interface Notice {
  readonly id: number;
  readonly kind: "lost" | "free" | "asked" | "declined" | "received";
  readonly title: string;
  readonly ended: LastEnded | null;
  readonly person: Person | null;
}

type News = Omit<Notice, "id">;

/** Return how a lock of the viewer's ended, unless they know: they unlocked it elsewhere or by an upload, or handed it over. */
function lost({ lock: before }: Attachment, { title, lock }: Attachment, me: string): News | null {
  if (before.state !== "mine" || lock.lockId === before.lockId) return null;
  const ended = lock.lastEnded;
  const own = ended?.reason === "released" || ended?.reason === "handed_over";
  return own && ended.by?.accountId === me ? null : { kind: "lost", title, ended, person: null };
}

function openOnes(row: Attachment, me: string): readonly EditRequest[] {
  return row.lock.requests.filter(({ person, declinedAt }) => person.accountId !== me && declinedAt === null);
}

function asked(before: Attachment, after: Attachment, me: string): News | null {
  if (after.lock.state !== "mine") return null;
  const known = new Set(openOnes(before, me).map(({ person, at }) => person.accountId + at));
  const fresh = openOnes(after, me).find(({ person, at }) => !known.has(person.accountId + at));
  return fresh === undefined ? null : { kind: "asked", title: after.title, ended: null, person: fresh.person };
}

function answered(before: Attachment, after: Attachment, me: string): News | null {
  const mine = ({ lock }: Attachment): EditRequest | undefined => lock.requests.find(({ person }) => person.accountId === me);
  const request = mine(before);
  if (request === undefined || request.declinedAt !== null) return null;
  const { title, lock } = after;
  if (lock.state === "mine" && lock.lastEnded?.reason === "handed_over") return { kind: "received", title, ended: null, person: lock.lastEnded.by };
  return (mine(after)?.declinedAt ?? null) === null ? null : { kind: "declined", title, ended: null, person: lock.holder };
}

export function newsOf(before: Attachment, after: Attachment, me: string): News | null {
  if (after.lock.state === "unreadable") return null; // Nothing is known, so nothing is lost.
  const news = lost(before, after, me) ?? asked(before, after, me) ?? answered(before, after, me);
  if (news !== null) return news;
  const waited = before.lock.notifyMe.asked && isHeld(before.lock);
  return waited && after.lock.state === "free" ? { kind: "free", title: after.title, ended: after.lock.lastEnded, person: null } : null;
}
