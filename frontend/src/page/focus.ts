/**
 * The keyboard focus during changes of the list. A row that moves loses the focus, and an action often replaces the button that started it;
 * then the next Tab would start at the top of the page.
 */

interface Keeper {
  /** Follow the focus inside `root`; return the function that stops it. */
  watch(root: HTMLElement): () => void;
  /** Move a lost focus back to its element or its row; call it after each rendering. */
  readonly restore: () => void;
}

interface Place {
  readonly element: HTMLElement;
  readonly row: string | null;
  /** The kind of the form around the element. */
  readonly form: string | null;
}

function rowOf(element: Element): string | null {
  const row = element.closest<HTMLElement>("[data-row]") ?? element.closest(".below")?.previousElementSibling;
  return row instanceof HTMLElement ? (row.dataset["row"] ?? null) : null;
}

/** Return the button that opened the closed form, else the row's first action, else its link. */
function substitute(root: HTMLElement, { row: id, form }: Place): HTMLElement | null {
  const row = id === null ? null : root.querySelector(`[data-row="${CSS.escape(id)}"]`);
  const opener = form === null ? null : row?.querySelector<HTMLElement>(`[data-opens~="${form}"]`);
  return opener ?? row?.querySelector<HTMLElement>(".actions button") ?? row?.querySelector<HTMLElement>("a") ?? null;
}

export function keepFocus(): Keeper {
  let root: HTMLElement | null = null;
  let last: Place | null = null;

  const entered = (event: FocusEvent): void => {
    const element = event.target;
    if (!(element instanceof HTMLElement)) return;
    const form = element.closest<HTMLElement>("[data-form]")?.dataset["form"] ?? null;
    last = { element, row: rowOf(element), form };
  };
  const pressed = (event: PointerEvent): void => {
    // A click outside every control removes the focus on purpose.
    if (event.target instanceof Element && event.target.closest("button, a, input, textarea, select, label") === null) {
      last = null;
    }
  };
  return {
    watch(element) {
      root = element;
      root.addEventListener("focusin", entered);
      root.addEventListener("pointerdown", pressed);
      return () => {
        element.removeEventListener("focusin", entered);
        element.removeEventListener("pointerdown", pressed);
        root = null;
      };
    },
    restore() {
      if (root === null || last === null) return;
      const active = document.activeElement;
      if (active !== null && active !== document.body) return;
      const target = last.element.isConnected ? last.element : substitute(root, last);
      target?.focus({ preventScroll: true });
    },
  };
}
