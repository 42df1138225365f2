/** The last colour mode, stored for the next first paint. */

/** Where it is stored; `prepaint.ts` reads it. */
export const THEME_KEY = "lockpoint.colorMode";

/** Store the mode whenever the product's bridge sets it. */
export function rememberTheme(): void {
  const root = document.documentElement;
  const note = (): void => {
    const mode = root.dataset["colorMode"];
    if (mode === undefined) return;
    try {
      localStorage.setItem(THEME_KEY, mode);
    } catch {
      // Some browsers close storage to third-party frames; then the first paint is light.
    }
  };
  new MutationObserver(note).observe(root, { attributes: true, attributeFilter: ["data-color-mode"] });
}
