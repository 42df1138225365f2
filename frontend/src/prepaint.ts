/**
 * A blocking script before the first paint: applies the last colour mode, so that a dark product does not flash white.
 * It imports nothing, because an import would make the built file a module, and modules run after the first paint.
 */
{
  let mode: string | null = null;
  try {
    mode = localStorage.getItem("lockpoint.colorMode");
  } catch {
    // Some browsers close storage to third-party frames; then the first paint is light.
  }
  if (mode === "dark") document.documentElement.dataset["colorMode"] = mode;
}
