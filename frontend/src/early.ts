/**
 * Runs before the first paint, as a plain blocking script: shows the colour mode of last time, so that a dark
 * product does not flash white until its theme arrives. No imports, so that the built file stays a plain script.
 */
{
  let mode: string | null = null;
  try {
    mode = localStorage.getItem("lockpoint.colorMode");
  } catch {
    // Storage is closed to this frame: light it is.
  }
  if (mode === "dark") document.documentElement.dataset["colorMode"] = mode;
}
