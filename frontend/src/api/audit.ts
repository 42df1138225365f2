/** The audit log of the site, or of a space. */
import type { Client } from "./client";
import type { AuditKind, AuditModel, AuditRowModel } from "./schema";

export type { AuditKind };
export type AuditPage = AuditModel;
export type AuditRow = AuditRowModel;

/** Null: all. Times are ISO; `from` belongs to what is asked for, `to` does not. */
export interface AuditQuery {
  readonly from: string | null;
  readonly to: string | null;
  readonly event: AuditKind | null;
  readonly account: string | null;
  readonly attachment: string | null;
}

export interface AuditApi {
  page(query: AuditQuery, cursor: string | null): Promise<AuditPage>;
  /** Return all rows as a file. */
  csv(query: AuditQuery): Promise<Blob>;
  /** Whether this ever happened, as far as the log goes back. */
  happened(event: AuditKind): Promise<boolean>;
}

const ROWS_AT_ONCE = 50;
const ROWS_IN_PART = 20_000;

function textOf(space: string | null, query: Partial<AuditQuery>, limit: number, cursor: string | null = null): string {
  const given = Object.entries({ space, ...query, cursor }).filter((pair): pair is [string, string] => pair[1] !== null);
  return new URLSearchParams([...given, ["limit", String(limit)]]).toString();
}

/** With the key of a space its part alone, for its admins. */
export function auditApi({ read, csv }: Client, space: string | null = null): AuditApi {
  return {
    page: (query, cursor) => read(`/audit?${textOf(space, query, ROWS_AT_ONCE, cursor)}`),
    csv: (query) => csv(`/audit?${textOf(space, query, ROWS_IN_PART)}`),
    async happened(event) {
      const { items } = await read<AuditPage>(`/audit?${textOf(space, { event }, 1)}`);
      return items.length > 0;
    },
  };
}
