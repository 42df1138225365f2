import { afterEach, expect, test, vi } from "vitest";
import { THEME_KEY } from "../src/theme";

afterEach(() => {
  localStorage.clear();
  delete document.documentElement.dataset["colorMode"];
  vi.resetModules();
});

test.each([["dark", "dark"], ["light", undefined], [null, undefined]])(
  "a remembered mode of %s is shown from the first paint",
  async (remembered, shown) => {
    if (remembered !== null) localStorage.setItem(THEME_KEY, remembered);
    // @ts-expect-error a plain script: it has no exports, so it is no module for the compiler
    await import("../src/prepaint");
    expect(document.documentElement.dataset["colorMode"]).toBe(shown);
  },
);
