/**
 * Draws the rows of a long list that are near the view. The browser tells which those are, so that it does not matter what scrolls: the list,
 * its frame, or on Forge the page around the frame, of which the frame hears nothing else.
 */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { around, Heights, outgrows, partsOf, within, type Part, type Stretch } from "./windowed";

/** Rows of the first drawing: about as many as a view has. */
const FIRST = 12;

interface Options {
  readonly ids: readonly string[];
  /** What the rows answer: with another one the list begins at its top. */
  readonly question: unknown;
  /** Rows that stay drawn wherever they are, because something is typed in them. */
  readonly keeps: (id: string) => boolean;
  /** Called near the end of all rows. */
  readonly onEnd?: () => void;
}

/** The rows between a table's first and last; the second row of a file has no id of its own. */
function* drawnRows(body: HTMLElement): Generator<readonly [HTMLElement, string | null]> {
  let id: string | null = null;
  for (const element of body.children as HTMLCollectionOf<HTMLElement>) {
    if (element.dataset["gap"] !== undefined) id = null;
    id = element.dataset["row"] ?? id;
    yield [element, id];
  }
}

/** Return the height of each drawn file, whose last row ends where the next one begins. */
function measured(body: HTMLElement): ReadonlyMap<string, number> {
  const heights = new Map<string, number>();
  let [open, top]: [string | null, number] = [null, 0];
  for (const [element, id] of drawnRows(body)) {
    if (id !== null && id === open) continue;
    const at = element.getBoundingClientRect().top;
    if (open !== null) heights.set(open, at - top);
    [open, top] = [id, at];
  }
  if (open !== null) heights.set(open, body.getBoundingClientRect().bottom - top);
  return heights;
}

/** A row in view, and where it was. */
interface Anchor {
  readonly row: Element;
  readonly top: number;
}

/** Return what scrolls around the list inside its own frame. */
function scrollerOf(body: HTMLElement): Element | null {
  const own = body.closest("[data-scrolls]");
  return own !== null && own.scrollHeight > own.clientHeight ? own : document.scrollingElement;
}

/** Scroll by what a row has moved, so that it stays where it is read: not every browser does that, and none does it always. */
function keepPlace(body: HTMLElement, { row, top }: Anchor): void {
  const moved = row.getBoundingClientRect().top - top;
  const scroller = scrollerOf(body);
  if (row.isConnected && scroller !== null && Math.abs(moved) >= 1) scroller.scrollTop += moved;
}

class Viewport {
  private readonly heights = new Heights();
  private readonly seen = new Map<Element, IntersectionObserverEntry>();
  private readonly observed = new Set<Element>();
  private readonly observer = new IntersectionObserver((entries) => this.noticed(entries));
  private ids: readonly string[] = [];
  private places: ReadonlyMap<string, number> = new Map();
  private question: unknown = undefined;
  private drawn: Stretch = { from: 0, to: FIRST };
  private inView = FIRST;
  private body: HTMLElement | null = null;
  private begins = false;
  private anchor: Anchor | null = null;
  /** Whether the browser told what is in view. */
  private told = false;

  constructor(private readonly redraw: () => void) {}

  parts({ ids, question, keeps }: Options): readonly Part[] {
    if (question !== this.question) this.begin(question);
    else if (ids !== this.ids) this.anchor ??= this.found();
    if (ids !== this.ids) this.places = new Map(ids.map((id, place) => [id, place]));
    this.ids = ids;
    return partsOf(ids, this.drawn, this.kept(keeps), this.heights.of);
  }

  get atEnd(): boolean {
    return this.told && this.drawn.to >= this.ids.length;
  }

  private begin(question: unknown): void {
    this.begins = this.question !== undefined;
    this.question = question;
    this.drawn = { from: 0, to: this.inView };
  }

  /** The row with the focus stays, and its neighbours, where Tab goes next. */
  private kept(keeps: Options["keeps"]): ReadonlySet<number> {
    const kept = new Set(this.ids.flatMap((id, place) => (keeps(id) ? [place] : [])));
    const active = this.body?.contains(document.activeElement) === true ? document.activeElement : null;
    if (this.body === null || active === null) return kept;
    for (const [element, id] of drawnRows(this.body)) {
      const place = element.contains(active) ? this.places.get(id ?? "") : undefined;
      if (place !== undefined) for (const near of [place - 1, place, place + 1]) kept.add(near);
    }
    return kept;
  }

  /** Return the row in the middle of those in view: at the edges heads may lie over it. */
  private found(): Anchor | null {
    const rows = [...this.seen.keys()].filter((element) => element.isConnected && element.hasAttribute("data-row"));
    const row = rows[Math.floor(rows.length / 2)];
    return row === undefined ? null : { row, top: row.getBoundingClientRect().top };
  }

  /** Call it after each rendering. */
  follow(body: HTMLElement): void {
    this.body = body;
    const now = new Set<Element>(body.children);
    for (const gone of [...this.observed].filter((element) => !now.has(element))) this.forget(gone);
    for (const element of now) if (!this.observed.has(element)) this.observer.observe(element);
    for (const element of now) this.observed.add(element);
    if (this.begins) body.firstElementChild?.scrollIntoView({ block: "nearest" });
    else if (this.anchor !== null) keepPlace(body, this.anchor);
    [this.begins, this.anchor] = [false, null];
  }

  private forget(element: Element): void {
    this.observer.unobserve(element);
    this.observed.delete(element);
    this.seen.delete(element);
  }

  private noticed(entries: readonly IntersectionObserverEntry[]): void {
    for (const entry of entries) {
      if (entry.isIntersecting) this.seen.set(entry.target, entry);
      else this.seen.delete(entry.target);
    }
    const view = this.view();
    if (view === null || this.body === null) return;
    this.told = true;
    this.inView = Math.max(FIRST, view.to - view.from);
    this.heights.learn(this.body.getBoundingClientRect().width, measured(this.body));
    const wanted = around(view, this.ids.length);
    if (!outgrows(view, this.drawn, this.ids.length)) return;
    this.drawn = wanted;
    this.anchor = this.found();
    this.redraw();
  }

  private view(): Stretch | null {
    if (this.body === null) return null;
    let [from, to] = [Infinity, 0];
    for (const [element, id] of drawnRows(this.body)) {
      const entry = this.seen.get(element);
      const part = entry === undefined ? null : this.stretchOf(entry, id);
      if (part !== null) [from, to] = [Math.min(from, part.from), Math.max(to, part.to)];
    }
    return from < to ? { from, to } : null;
  }

  private stretchOf({ target, boundingClientRect, intersectionRect }: IntersectionObserverEntry, id: string | null): Stretch | null {
    const place = this.places.get(id ?? "");
    if (place !== undefined) return { from: place, to: place + 1 };
    const [from, to] = ((target as HTMLElement).dataset["gap"] ?? "").split("-").map(Number);
    if (from === undefined || to === undefined) return null;
    const above = intersectionRect.top - boundingClientRect.top;
    return within({ from, to }, this.ids, above, above + intersectionRect.height, this.heights.of);
  }

  stop(): void {
    this.observer.disconnect();
  }
}

export function useWindow(options: Options) {
  const [, redraw] = useState(0);
  const viewport = useMemo(() => new Viewport(() => redraw((count) => count + 1)), []);
  const body = useRef<HTMLTableSectionElement>(null);
  const parts = viewport.parts(options);
  const { atEnd } = viewport;
  const { ids, question, onEnd } = options;
  useLayoutEffect(() => {
    if (body.current !== null) viewport.follow(body.current);
  });
  useEffect(() => () => viewport.stop(), [viewport]);
  useEffect(() => {
    if (atEnd) onEnd?.();
  }, [atEnd, ids.length, question, onEnd]);
  return { body, parts };
}
