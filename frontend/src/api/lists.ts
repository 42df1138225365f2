/** The calls about locks across pages. */
import type { Client } from "./client";
import { locksApi, type LocksApi } from "./locks";
import type { BulkAction, BulkItemBody, BulkModel, ListedLockModel, LocksModel } from "./schema";

export type ListedLock = ListedLockModel;
export type PartOfLocks = LocksModel;
export type BulkAnswer = BulkModel;

/** Whose locks: one's own, those of others that one waits for, those of the site, or those of a space. */
export type LockScope = "mine" | "waiting" | "site" | { readonly spaceKey: string };

export const LOCK_SORTS = ["expires", "-expires", "since", "-since"] as const;
export type LockSort = (typeof LOCK_SORTS)[number];

export type ListedState = "mine" | "other" | "ending" | "unprotected";

export interface LockQuestion {
  /** Beginnings of words of file names, or of owners' names. */
  readonly text: string;
  readonly state: ListedState | null;
  readonly sort: LockSort;
}

export type BulkItem = BulkItemBody;

export interface BulkOrder {
  readonly action: BulkAction;
  readonly items: readonly BulkItem[];
  readonly reason?: string;
}

export interface ListsApi extends Pick<LocksApi, "bulk" | "handOver" | "decline" | "cancelRequest"> {
  locks(question: LockQuestion, cursor: string | null, limit: number): Promise<PartOfLocks>;
  /** Return the whole list as a table for spreadsheets, in the parts that the server gives. */
  csv(question: LockQuestion): Promise<Blob>;
}

/** As many rows as the server puts into one answer. */
export const MOST_LISTED = 250;
/** As many files as one call acts on. */
export const MOST_IN_BULK = 100;

function pathOf(scope: LockScope): string {
  return typeof scope === "string" ? "/locks" : `/spaces/${encodeURIComponent(scope.spaceKey)}/locks`;
}

function queryOf(scope: LockScope, { text, state, sort }: LockQuestion): URLSearchParams {
  const query = new URLSearchParams({ sort });
  if (typeof scope === "string") query.set("scope", scope);
  if (text.trim() !== "") query.set("q", text.trim());
  if (state !== null) query.set("state", state);
  return query;
}

export function listsApi(client: Client, scope: LockScope): ListsApi {
  const { read, csv } = client;
  const { bulk, handOver, decline, cancelRequest } = locksApi(client);
  return {
    locks(question, cursor, limit) {
      const query = queryOf(scope, question);
      query.set("limit", String(limit));
      if (cursor !== null) query.set("cursor", cursor);
      return read<PartOfLocks>(`${pathOf(scope)}?${query.toString()}`);
    },
    csv: (question) => csv(`${pathOf(scope)}?${queryOf(scope, question).toString()}`),
    bulk,
    handOver,
    decline,
    cancelRequest,
  };
}
