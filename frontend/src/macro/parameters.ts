/** What the author of a macro chose. Whatever they typed otherwise counts as not chosen. */
import { LOCK_SORTS } from "../api/lists";
import type { LockSort } from "../api";

export const SCOPES = ["page", "space", "mine"] as const;
export type MacroScope = (typeof SCOPES)[number];

export const COLUMNS = ["file", "page", "owner", "since", "ends", "state", "note"] as const;
export type Column = (typeof COLUMNS)[number];

export interface MacroChoice {
  readonly scope: MacroScope;
  readonly columns: readonly Column[];
  readonly sort: LockSort;
  readonly rows: number;
}

/** Columns that can be left out. */
export const OPTIONAL_COLUMNS = COLUMNS.filter((column) => column !== "file");

export const USUAL: Readonly<Record<MacroScope, readonly Column[]>> = {
  page: ["file", "owner", "since", "ends"],
  space: ["file", "page", "owner", "since", "ends"],
  mine: ["file", "page", "since", "ends"],
};

export const USUAL_ROWS = 10;
export const MOST_ROWS = 100;

function oneOf<T extends string>(known: readonly T[], text: string | undefined): T | undefined {
  return known.find((one) => one === text?.trim().toLowerCase());
}

/** The file is always shown, and first. */
function columnsOf(text: string | undefined, scope: MacroScope): readonly Column[] {
  const chosen = (text ?? "").split(/[,|;\s]+/).map((name) => oneOf(COLUMNS, name)).filter((name) => name !== undefined);
  return chosen.length === 0 ? USUAL[scope] : [...new Set<Column>(["file", ...chosen])];
}

function rowsOf(text: string | undefined): number {
  const rows = Number(text ?? "");
  return Number.isInteger(rows) && rows >= 1 ? Math.min(rows, MOST_ROWS) : USUAL_ROWS;
}

/** Return what is stored of a choice; columns that are usual for the scope are none, so they follow it. */
export function parametersOf({ scope, columns, sort, rows }: MacroChoice): Readonly<Record<string, string>> {
  const usual = columns.join() === USUAL[scope].join();
  return { scope, ...(usual ? {} : { columns: columns.join() }), sort, rows: String(rows) };
}

export function choiceOf(parameters: Readonly<Record<string, string>>): MacroChoice {
  const scope = oneOf(SCOPES, parameters["scope"]) ?? "page";
  return {
    scope,
    columns: columnsOf(parameters["columns"], scope),
    sort: oneOf(LOCK_SORTS, parameters["sort"]) ?? "expires",
    rows: rowsOf(parameters["rows"]),
  };
}
