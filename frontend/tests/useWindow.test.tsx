import { act, cleanup, render } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GapRow, gapKey } from "../src/ui/GapRow";
import { useWindow } from "../src/ui/useWindow";

/** Tells what the test says; a browser tells of each new element at once. */
class Watcher {
  static last: Watcher;
  readonly watched = new Set<Element>();

  constructor(private readonly tell: IntersectionObserverCallback) {
    Watcher.last = this;
  }

  observe(element: Element): void { this.watched.add(element); }
  unobserve(element: Element): void { this.watched.delete(element); }
  disconnect(): void { this.watched.clear(); }

  /** Say that exactly these are in view, each from its top. */
  inView(...elements: readonly (Element | null)[]): void {
    const rect = { top: 0, height: 100 } as DOMRectReadOnly;
    const entries = [...this.watched].map((target) =>
      ({ target, isIntersecting: elements.includes(target), boundingClientRect: rect, intersectionRect: rect }) as IntersectionObserverEntry);
    act(() => this.tell(entries, this as unknown as IntersectionObserver));
  }
}

beforeEach(() => vi.stubGlobal("IntersectionObserver", Watcher));
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

interface Given {
  readonly ids: readonly string[];
  readonly question?: unknown;
  readonly kept?: string;
  readonly onEnd?: () => void;
}

function List({ ids, question = "first", kept, onEnd = ignore }: Given) {
  const { body, parts } = useWindow({ ids, question, keeps: (id) => id === kept, onEnd });
  return (
    <table data-scrolls>
      <tbody ref={body}>
        {parts.map((part) => (typeof part === "number"
          ? <tr key={ids[part]} data-row={ids[part]}><td><button type="button">{ids[part]}</button></td></tr>
          : <GapRow key={gapKey(part)} gap={part} />))}
      </tbody>
    </table>
  );
}

const ignore = (): void => undefined;
const many = (count: number): readonly string[] => Array.from({ length: count }, (_, place) => `r${String(place)}`);
const drawn = (): readonly string[] => [...document.querySelectorAll<HTMLElement>("[data-row]")].map(({ dataset }) => dataset["row"] ?? "");
const row = (id: string): HTMLElement | null => document.querySelector(`[data-row="${id}"]`);
const gap = (which: "first" | "last"): Element | null => [...document.querySelectorAll("[data-gap]")].at(which === "first" ? 0 : -1) ?? null;

test("of 1,000 rows a view full is drawn first, and some ahead when the browser says what is in view", () => {
  render(<List ids={many(1_000)} />);
  expect(drawn()).toHaveLength(12);
  Watcher.last.inView(row("r0"), row("r9"));
  expect(drawn()).toHaveLength(20);
  expect(gap("last")?.getAttribute("data-gap")).toBe("20-1000");
});

test("after a jump into the gap the rows there are drawn, and no others", () => {
  render(<List ids={many(1_000)} />);
  Watcher.last.inView(gap("last"));
  expect([drawn()[0], drawn().at(-1)]).toEqual(["r2", "r23"]);
  Watcher.last.inView(row("r20"));
  expect([drawn()[0], drawn().at(-1)]).toEqual(["r10", "r30"]);
});

test("the row with the focus stays with its neighbours, where Tab goes next", () => {
  render(<List ids={many(1_000)} />);
  Watcher.last.inView(row("r0"), row("r9"));
  const button = row("r3")?.querySelector("button");
  button?.focus();
  for (const place of [15, 25, 35, 45]) Watcher.last.inView(row(`r${String(place)}`));
  expect(document.activeElement).toBe(button);
  expect(drawn().slice(0, 4)).toEqual(["r2", "r3", "r4", "r35"]);
});

test("a row in which something is typed stays", () => {
  render(<List ids={many(1_000)} kept="r700" />);
  expect(drawn().at(-1)).toBe("r700");
});

test("another question begins at the top, more rows of the same one do not", () => {
  const scrolled = vi.fn();
  HTMLElement.prototype.scrollIntoView = scrolled;
  const { rerender } = render(<List ids={many(100)} />);
  Watcher.last.inView(row("r11"));
  Watcher.last.inView(row("r20"));
  expect(drawn()[0]).toBe("r10");
  rerender(<List ids={many(150)} />);
  expect(drawn()[0]).toBe("r10");
  expect(scrolled).not.toHaveBeenCalled();
  rerender(<List ids={many(150)} question="second" />);
  expect(drawn()[0]).toBe("r0");
  expect(scrolled).toHaveBeenCalledWith({ block: "nearest" });
});

test("the end is told once the browser has said that it is near, and again with each longer list that still ends near", () => {
  const onEnd = vi.fn();
  const { rerender } = render(<List ids={many(8)} onEnd={onEnd} />);
  expect(onEnd).not.toHaveBeenCalled();
  Watcher.last.inView(row("r0"));
  rerender(<List ids={many(9)} onEnd={onEnd} />);
  const near = onEnd.mock.calls.length;
  expect(near).toBeGreaterThan(0);
  rerender(<List ids={many(10)} onEnd={onEnd} />);
  expect(onEnd.mock.calls.length).toBe(near + 1);
  rerender(<List ids={many(500)} onEnd={onEnd} />);
  expect(onEnd.mock.calls.length).toBe(near + 1);
});

test("rows that come above move nothing that is read", () => {
  const { rerender } = render(<List ids={many(100)} />);
  Watcher.last.inView(row("r5"));
  let top = 300;
  vi.spyOn(row("r5") as HTMLElement, "getBoundingClientRect").mockImplementation(() => ({ top }) as DOMRect);
  const scroller = document.documentElement;
  vi.spyOn(document, "scrollingElement", "get").mockReturnValue(scroller);
  scroller.scrollTop = 1_000;
  const observe = vi.spyOn(Watcher.prototype, "observe").mockImplementation(() => { top = 365; });
  rerender(<List ids={["new", ...many(100)]} />);
  expect(scroller.scrollTop).toBe(1_065);
  observe.mockRestore();
});
