/** What is stored about a viewer, in groups. */
import type { MyData } from "../api";

type Row = Readonly<Record<string, unknown>>;

export const CONFLUENCE_GROUPS = ["locks", "ended", "waiting", "requests", "preferences"] as const;
export const DATABASE_GROUPS = [
  "audit_event", "lock_witness", "email_intent", "request_outcome", "restoration", "account_profile", "account_report", "erasure", "procrastinate_jobs",
] as const;
export type GroupName = (typeof CONFLUENCE_GROUPS)[number] | (typeof DATABASE_GROUPS)[number] | "other";

export interface Group {
  readonly name: GroupName;
  readonly rows: readonly Row[];
}

export function confluenceGroups(data: MyData): readonly Group[] {
  const chosen = Object.keys(data.preferences).length === 0 ? [] : [data.preferences];
  return CONFLUENCE_GROUPS.map((name) => ({ name, rows: name === "preferences" ? chosen : data[name] }));
}

/** Tables that this version of the screen does not know come together at the end. */
export function databaseGroups({ database }: MyData): readonly Group[] {
  const known = DATABASE_GROUPS.map((name) => ({ name, rows: database[name] ?? [] }));
  const names: readonly string[] = DATABASE_GROUPS;
  const other = Object.entries(database).filter(([name]) => !names.includes(name)).flatMap(([, rows]) => rows);
  return other.length === 0 ? known : [...known, { name: "other", rows: other }];
}

export interface Entry {
  readonly name: string;
  readonly value: string | number | boolean;
}

/** Return a row's members as they are shown: without empty ones, and those of members after the member's name. */
export function entriesOf(row: Row, before = ""): readonly Entry[] {
  return Object.entries(row).flatMap(([key, value]): readonly Entry[] => {
    const name = `${before}${key.replaceAll("_", " ")}`;
    if (value === null || value === undefined || value === "") return [];
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return [{ name, value }];
    if (Array.isArray(value)) return value.length === 0 ? [] : [{ name, value: value.map(String).join(", ") }];
    return entriesOf(value as Row, `${name}: `);
  });
}
