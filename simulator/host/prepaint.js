/* Sets the last theme before the first paint. */
{
  const mode = localStorage.getItem("sim.colorMode");
  if (mode === "dark") document.documentElement.setAttribute("data-color-mode", "dark");
}
