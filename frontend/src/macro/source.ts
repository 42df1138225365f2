/** The rows of a macro, from the call that is cheapest for its scope. */
import { listsApi, locksApi, type Attachment, type Client, type ListedLock, type LockSort, type LockView } from "../api";
import type { HostContext } from "../host";
import { isHeld } from "../page/rows";
import type { MacroChoice } from "./parameters";

export interface MacroRow {
  readonly id: string;
  readonly title: string | null;
  readonly open: string | null;
  readonly pageTitle: string | null;
  readonly lock: LockView;
}

export interface MacroRows {
  readonly rows: readonly MacroRow[];
  /** Locks beyond the rows; null: some, nobody counted them. */
  readonly more: number | null;
  readonly active: boolean;
}

/** Return null when nothing changed since the last answer. */
export type Source = () => Promise<MacroRows | null>;

function rowOf({ id, title, links, lock }: Attachment): MacroRow {
  return { id, title, open: links?.open ?? null, pageTitle: null, lock };
}

function placeOf({ lock }: MacroRow, sort: LockSort): number {
  const at = sort.endsWith("since") ? lock.since : lock.expiresAt;
  return at === null ? Number.MAX_SAFE_INTEGER : Date.parse(at);
}

export function sorted(rows: readonly MacroRow[], sort: LockSort): readonly MacroRow[] {
  const direction = sort.startsWith("-") ? -1 : 1;
  return [...rows].sort((a, b) => direction * (placeOf(a, sort) - placeOf(b, sort)) || (a.id < b.id ? -1 : 1));
}

function ofPage(client: Client, pageId: string, { sort, rows: most }: MacroChoice): Source {
  const api = locksApi(client);
  return async () => {
    const files: Attachment[] = [];
    let active = true;
    for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
      const page = await api.attachments(pageId, cursor);
      if (page === null) return null;
      files.push(...page.items);
      ({ nextCursor: cursor, active } = page);
    }
    const held = sorted(files.filter(({ lock }) => isHeld(lock)).map(rowOf), sort);
    return { rows: held.slice(0, most), more: Math.max(0, held.length - most), active };
  };
}

function listed({ id, title, open, pageTitle, lock }: ListedLock): MacroRow {
  return { id, title, open, pageTitle, lock };
}

function acrossPages(client: Client, { spaceKey }: HostContext, { scope, sort, rows: most }: MacroChoice): Source {
  const api = listsApi(client, scope === "mine" ? "mine" : { spaceKey: spaceKey ?? "" });
  return async () => {
    const part = await api.locks({ text: "", state: null, sort }, null, most);
    return { rows: part.items.map(listed), more: part.nextCursor === null ? 0 : null, active: true };
  };
}

export function sourceOf(client: Client, context: HostContext, choice: MacroChoice): Source {
  return choice.scope === "page" ? ofPage(client, context.contentId ?? "", choice) : acrossPages(client, context, choice);
}
