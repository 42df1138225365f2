/*
 * What the host library expects to find in the product. Loaded after jQuery 3 and before connect-host.js.
 *
 * - It asks a feature-gate client that only the product has; without one it complains on the console at every frame.
 * - It reads a few members of AUI's global `AJS`, also when dialogs and flags have providers of their own.
 * - It binds the load event of its frames with `.load(fn)`, which jQuery 3 no longer has.
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
