/*
 * What the host library expects of the product. Load after jQuery 3, before connect-host.js.
 *
 * - A feature-gate client; without one it logs errors at every frame.
 * - Members of AUI's global `AJS`, even with own dialogs and flags.
 * - `.load(fn)` for frames, absent from jQuery 3.
 */
"use strict";

window.__FEATUREGATES_JS__ = {
  getPackageVersion: () => "4.23.4",
  initializeCompleted: () => true,
  checkGate: () => false,
};

window.Confluence = {};

window.AJS = {
  $: window.jQuery,
  Meta: { get: () => undefined },
  LayerManager: { global: { getTopLayer: () => null } },
  escapeHtml: (text) => {
    const holder = document.createElement("div");
    holder.textContent = String(text ?? "");
    return holder.innerHTML;
  },
};

{
  const ajaxLoad = window.jQuery.fn.load;
  window.jQuery.fn.load = function load(first, ...rest) {
    return typeof first === "function" ? this.on("load", first) : ajaxLoad.call(this, first, ...rest);
  };
}
