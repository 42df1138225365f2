/** A button with a menu: arrow keys, Home, End and first letters move, Escape and Tab close; the focus goes back to the button. */
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./Icon";

export interface MenuItem {
  readonly key: string;
  readonly text: string;
  readonly icon?: IconName;
  /** Ends something that somebody else has. */
  readonly danger?: boolean;
  /** The form that this opens, to find the way back from it. */
  readonly opens?: string;
  readonly run: () => void;
}

interface Props {
  /** What screen readers say of the button. */
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly disabled?: boolean;
  /** Words on the button; without them it shows an arrow alone. */
  readonly text?: string;
  readonly look?: string;
}

/** Return how to go on from item `at` of `count`; undefined for keys that do not move. */
function moved(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case "ArrowDown": return (at + 1) % count;
    case "ArrowUp": return (at - 1 + count) % count;
    case "Home": return 0;
    case "End": return count - 1;
    default: return undefined;
  }
}

/** Return the next item after `at` that begins with the letter, or undefined. */
export function startingWith(letter: string, texts: readonly string[], at: number): number | undefined {
  const fits = (text: string): boolean => text.toLocaleLowerCase().startsWith(letter.toLocaleLowerCase());
  const order = texts.map((_, step) => (at + 1 + step) % texts.length);
  return order.find((index) => fits(texts[index] ?? ""));
}

export interface Room {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
}

/** Return where the menu opens so that it stays in the room: upwards only where there is more room above. */
export function placeIn(room: Room, button: DOMRect, menu: DOMRect): { readonly up: boolean; readonly start: boolean } {
  const below = room.bottom - button.bottom;
  const above = button.top - room.top;
  return { up: menu.height > below && above > below, start: button.right - menu.width < room.left };
}

/** What cuts off the menu: a part that scrolls by itself, or the frame. */
function roomAround(element: Element): Room {
  const part = element.closest("[data-scrolls]")?.getBoundingClientRect();
  const height = document.documentElement.clientHeight;
  return { top: Math.max(0, part?.top ?? 0), bottom: Math.min(height, part?.bottom ?? height), left: Math.max(0, part?.left ?? 0) };
}

/** Close when the focus or a click goes elsewhere. */
function useLeaving(root: { readonly current: HTMLElement | null }, open: boolean, close: () => void): void {
  useEffect(() => {
    if (!open) return undefined;
    const left = ({ target }: Event): void => {
      if (root.current !== null && !(target instanceof Node && root.current.contains(target))) close();
    };
    document.addEventListener("pointerdown", left);
    document.addEventListener("focusin", left);
    return () => {
      document.removeEventListener("pointerdown", left);
      document.removeEventListener("focusin", left);
    };
  });
}

function Items({ items, id, label, first, onKeyDown, onRun, button }: {
  readonly items: readonly MenuItem[];
  readonly id: string;
  readonly label: string;
  readonly first: number;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onRun: (item: MenuItem) => void;
  readonly button: { readonly current: HTMLElement | null };
}) {
  const menu = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ up: false, start: false });
  useLayoutEffect(() => {
    const [list, anchor] = [menu.current, button.current];
    if (list === null || anchor === null) return;
    setPlace(placeIn(roomAround(anchor), anchor.getBoundingClientRect(), list.getBoundingClientRect()));
    list.querySelectorAll<HTMLElement>("[role=menuitem]")[first]?.focus({ preventScroll: true });
  }, []);
  return (
    <div ref={menu} id={id} class={`menu${place.up ? " up" : ""}${place.start ? " start" : ""}`} role="menu" aria-label={label} onKeyDown={onKeyDown}>
      {items.map((item) => (
        <button key={item.key} type="button" role="menuitem" tabIndex={-1} class={item.danger === true ? "menu-item danger" : "menu-item"}
          onClick={() => onRun(item)}>
          {item.icon !== undefined && <Icon name={item.icon} />}
          <span>{item.text}</span>
        </button>
      ))}
    </div>
  );
}

export function Menu({ label, items, disabled = false, text, look = "" }: Props) {
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  /** The item that gets the focus when the menu opens; null: closed. */
  const [first, setFirst] = useState<number | null>(null);
  useLeaving(root, first !== null, () => setFirst(null));
  const leave = (): void => {
    setFirst(null);
    button.current?.focus({ preventScroll: true });
  };
  const run = (item: MenuItem): void => {
    leave();
    item.run();
  };
  const openBy = (event: KeyboardEvent): void => {
    if (disabled || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    event.preventDefault();
    setFirst(event.key === "ArrowUp" ? items.length - 1 : 0);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const all = [...(root.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = all.findIndex((one) => one === document.activeElement);
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      leave();
    } else if (event.key === "Tab") setFirst(null);
    else {
      const letter = /^[\p{L}\p{N}]$/u.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey;
      const next = moved(event.key, at, all.length) ?? (letter ? startingWith(event.key, items.map((item) => item.text), at) : undefined);
      if (next === undefined) return;
      event.preventDefault();
      all[next]?.focus({ preventScroll: true });
    }
  };
  const opens = items.flatMap((item) => (item.opens === undefined ? [] : [item.opens]));
  return (
    <div ref={root} class="menu-root">
      <button ref={button} type="button" class={`button ${text === undefined ? "icon-only menu-arrow" : ""} ${look}`} aria-label={label}
        aria-haspopup="menu" aria-expanded={first !== null} aria-controls={first === null ? undefined : id} aria-disabled={disabled}
        {...(opens.length === 0 ? {} : { "data-opens": opens.join(" ") })}
        onKeyDown={openBy} onClick={() => { if (!disabled) setFirst(first === null ? 0 : null); }}>
        {text}<Icon name="more" />
      </button>
      {first !== null && <Items {...{ items, id, label, first, onKeyDown, button }} onRun={run} />}
    </div>
  );
}

/** The most wanted action, and a menu with the others. */
export function SplitButton({ text, label, disabled = false, look = "", onClick, more }: {
  readonly text: string;
  readonly label: string;
  readonly disabled?: boolean;
  readonly look?: string;
  readonly onClick: () => void;
  readonly more: Pick<Props, "label" | "items">;
}) {
  const main = (
    <button type="button" class={`button ${look}`} aria-label={label} aria-disabled={disabled} onClick={() => { if (!disabled) onClick(); }}>
      {text}
    </button>
  );
  if (more.items.length === 0) return main;
  return <div class="split">{main}<Menu {...more} disabled={disabled} look={look} /></div>;
}
