/**
 * Keeps the keyboard where it was. Moving a row takes the focus out of it, and an action often replaces the button
 * that started it; without this the next Tab would begin at the top of the page.
 */

interface Keeper {
  /** Follows the focus inside `root`; the answer stops that. */
  watch(root: HTMLElement): () => void;
  /** Call after each drawing: puts a lost focus back to its element, or to its row. */
  readonly mend: () => void;
}

interface Place {
  readonly element: HTMLElement;
  readonly row: string | null;
  /** The kind of the form that the element is in. */
  readonly form: string | null;
}

function rowOf(element: Element): string | null {
  const row = element.closest<HTMLElement>("[data-row]") ?? element.closest(".below")?.previousElementSibling;
  return row instanceof HTMLElement ? (row.dataset["row"] ?? null) : null;
}

/** The button that opened a form which is gone, else the first action of the row, else its file. */
function substitute(root: HTMLElement, { row: id, form }: Place): HTMLElement | null {
  const row = id === null ? null : root.querySelector(`[data-row="${CSS.escape(id)}"]`);
  const opener = form === null ? null : row?.querySelector<HTMLElement>(`[data-opens="${form}"]`);
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
    // A click on plain ground takes the focus away on purpose.
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
    mend() {
      if (root === null || last === null) return;
      const active = document.activeElement;
      if (active !== null && active !== document.body) return;
      const target = last.element.isConnected ? last.element : substitute(root, last);
      target?.focus({ preventScroll: true });
    },
  };
}
