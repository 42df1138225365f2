/* Before the first paint: the theme that was chosen last time. */
{
  const mode = localStorage.getItem("sim.colorMode");
  if (mode === "dark") document.documentElement.setAttribute("data-color-mode", "dark");
}
