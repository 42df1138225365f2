/** Which rows of a long list are drawn, and the gaps where the others would be: pure rules, in rows and pixels. */

/** Rows from the first up to the one before `to`. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface Gap extends Stretch {
  readonly height: number;
}

/** One row by its place among all, or a gap. */
export type Part = number | Gap;

/** Rows drawn before and after those in view: the next ones are there when the keyboard or the wheel asks for them. */
export const AHEAD = 10;
/** Drawing waits until this few are left, so that it happens every few rows. */
const TOO_NEAR = 5;
/** Pixels of a row before one was measured. */
const USUAL = 64;

/** The heights of rows as they were last drawn, at one width; a row that was never drawn has the usual one. */
export class Heights {
  private readonly known = new Map<string, number>();
  private width = 0;
  private usual = USUAL;

  readonly of = (id: string): number => this.known.get(id) ?? this.usual;

  /**
   * The usual height is that of the first rows measured, and stays: one that followed each measurement would move what the viewer reads.
   * Nothing is learnt where nothing is laid out.
   */
  learn(width: number, rows: ReadonlyMap<string, number>): void {
    const whole = sum(rows.values());
    if (whole <= 0) return;
    if (width !== this.width) {
      this.known.clear();
      this.usual = whole / rows.size;
    }
    this.width = width;
    for (const [id, height] of rows) this.known.set(id, height);
  }
}

function sum(heights: Iterable<number>): number {
  let total = 0;
  for (const height of heights) total += height;
  return total;
}

/** Return what to draw around the rows in view. */
export function around(view: Stretch, total: number): Stretch {
  return { from: Math.max(0, view.from - AHEAD), to: Math.min(total, view.to + AHEAD) };
}

/** Whether the view came so near the end of what is drawn that more must be. */
export function outgrows(view: Stretch, drawn: Stretch, total: number): boolean {
  return (drawn.from > 0 && view.from - drawn.from < TOO_NEAR) || (drawn.to < total && drawn.to - view.to < TOO_NEAR);
}

/** Return rows and gaps in order: the drawn stretch, and the kept rows wherever they are. */
export function partsOf(ids: readonly string[], drawn: Stretch, kept: ReadonlySet<number>, heightOf: (id: string) => number): readonly Part[] {
  const parts: Part[] = [];
  let [from, height] = [0, 0];
  const close = (to: number): void => {
    if (to > from) parts.push({ from, to, height });
  };
  for (const [place, id] of ids.entries()) {
    if ((place < drawn.from || place >= drawn.to) && !kept.has(place)) {
      height += heightOf(id);
      continue;
    }
    close(place);
    parts.push(place);
    [from, height] = [place + 1, 0];
  }
  close(ids.length);
  return parts;
}

/** Return the rows that would be in view between two depths of a gap, in pixels from its top. */
export function within({ from, to }: Stretch, ids: readonly string[], top: number, bottom: number, heightOf: (id: string) => number): Stretch {
  let [depth, first, place] = [0, from, from];
  for (; place < to && depth < bottom; place += 1) {
    depth += heightOf(ids[place] ?? "");
    if (depth <= top) first = place + 1;
  }
  const shown = Math.min(first, to - 1);
  return { from: shown, to: Math.max(place, shown + 1) };
}

/** Return the table row of each file, counted from 1 with the head, and how many there are: some files have a second one below. */
export function tableRows(below: readonly boolean[]): { readonly of: readonly number[]; readonly count: number } {
  let count = 1;
  const of = below.map((second) => {
    count += 1;
    const own = count;
    if (second) count += 1;
    return own;
  });
  return { of, count };
}
