/*
 * Runs first in the app's frame and defines `globalThis.__bridge`, which `@forge/bridge` reads when it is imported. A call
 * is a message to the page around the frame; functions in its payload are sent as numbers.
 */
"use strict";

{
  const { parentOrigin } = document.currentScript.dataset;
  const waiting = new Map();
  const functions = new Map();
  let last = 0;
  const next = () => (last += 1);
  const post = (message) => parent.postMessage({ forge: message }, parentOrigin);

  const packed = (value) => {
    if (typeof value === "function") {
      const number = next();
      functions.set(number, value);
      return { forgeFunction: number };
    }
    if (Array.isArray(value)) return value.map(packed);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, packed(part)]));
  };

  const applyTheme = ({ colorMode, sheets }) => {
    for (const href of sheets) {
      if (document.head.querySelector(`link[href="${CSS.escape(href)}"]`)) continue;
      const link = document.createElement("link");
      Object.assign(link, { rel: "stylesheet", href });
      document.head.append(link);
    }
    document.documentElement.setAttribute("data-theme", "light:light dark:dark");
    document.documentElement.setAttribute("data-color-mode", colorMode);
  };

  const answer = ({ id, value, failure }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (failure === undefined) resolve(value);
    else reject(new Error(failure));
  };

  addEventListener("message", ({ data, origin, source }) => {
    if (origin !== parentOrigin || source !== parent || !data?.forge) return;
    const { theme, call, args, ...reply } = data.forge;
    if (theme) applyTheme(theme);
    else if (call !== undefined) functions.get(call)?.(...args);
    else answer(reply);
  });

  // The page around a frame without a size of its own makes it as high as its content.
  addEventListener("DOMContentLoaded", () => {
    new ResizeObserver(() => post({ height: document.body.offsetHeight })).observe(document.body);
  });

  globalThis.__bridge = {
    callBridge: (command, payload) => new Promise((resolve, reject) => {
      const id = next();
      waiting.set(id, { resolve, reject });
      post({ id, command, payload: packed(payload) });
    }),
  };
}
