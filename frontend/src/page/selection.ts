/** Which rows are chosen: by click, by range with Shift, all that are shown. Pure functions. */

export interface Selection {
  readonly ids: ReadonlySet<string>;
  /** Where a range begins: the row that was changed last. */
  readonly anchor: string | null;
}

export const NOTHING_SELECTED: Selection = { ids: new Set(), anchor: null };

function changed(ids: ReadonlySet<string>, some: readonly string[], on: boolean): ReadonlySet<string> {
  const next = new Set(ids);
  for (const id of some) {
    if (on) next.add(id);
    else next.delete(id);
  }
  return next;
}

/** Change one row, or with `range` all from the anchor to it in the order shown. */
export function toggled({ ids, anchor }: Selection, id: string, range: boolean, shown: readonly string[]): Selection {
  const on = !ids.has(id);
  const from = range && anchor !== null ? shown.indexOf(anchor) : -1;
  const to = shown.indexOf(id);
  const some = from < 0 || to < 0 ? [id] : shown.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ids: changed(ids, some, on), anchor: id };
}

export function withAll({ ids }: Selection, shown: readonly string[], on: boolean): Selection {
  return { ids: changed(ids, shown, on), anchor: null };
}

export function isAll({ ids }: Selection, shown: readonly string[]): boolean {
  return shown.length > 0 && shown.every((id) => ids.has(id));
}
