/** The product's half of Forge's bridge: frames of the app in dialogs, and the commands of `@forge/bridge`. */
import { el } from "/_sim/host/dom.js";
import { focusAgain } from "/_sim/host/dialogs.js";
import { flag } from "/_sim/host/flags.js";
import { get, post } from "/_sim/host/server.js";

// Forge lets a frame open no tab: links go through the router.
const SANDBOX = "allow-downloads allow-forms allow-modals allow-pointer-lock allow-same-origin allow-scripts";
const SHEETS = ["light", "dark"].map((mode) => `/_sim/nm/atlassian-connect-js/dist/themes/atlaskit-tokens_${mode}.css`);

const theme = () => ({ colorMode: document.documentElement.getAttribute("data-color-mode"), sheets: SHEETS });

/** What the frame may ask for, by the name of the command. */
function commandsOf({ module, spot, send, close, submit }) {
  const flags = new Map();
  const listeners = new Map();
  let watching = null;
  return {
    getContext: () => get(`/_sim/forge/context/${module.key}?${new URLSearchParams(spot).toString()}`),
    async invoke({ invokeType, ...request }) {
      if (invokeType !== "ui-remote-fetch") throw new Error("This module's resolver is a remote.");
      const { answer, breakdown } = await post(`/_sim/forge/invoke/${module.key}`, { ...spot, request });
      if (breakdown !== undefined) throw new Error(breakdown);
      return { success: true, payload: answer };
    },
    fetchProduct: (request) => post("/_sim/forge/product", request),
    enableTheming() {
      watching ??= new MutationObserver(() => send({ theme: theme() }));
      watching.observe(document.documentElement, { attributes: true, attributeFilter: ["data-color-mode"] });
      send({ theme: theme() });
    },
    navigate({ url, type }) {
      if (type === "new-tab") window.open(url, "_blank", "noopener");
      else location.assign(url);
    },
    getUrl({ target, moduleKey }) {
      if (target !== "module") throw new Error(`The local Confluence has no address for ${target}.`);
      return new URL(`/wiki/admin/apps/${moduleKey}`, location.origin).href;
    },
    showFlag({ id, title, description, type }) {
      flags.set(id, flag({ title, body: description, type, sticky: true }));
      return true;
    },
    closeFlag({ id }) {
      flags.get(id)?.();
      return flags.delete(id);
    },
    on({ event, callback }) {
      listeners.set(event, [...(listeners.get(event) ?? []), callback.forgeFunction]);
    },
    emit({ event, payload }) {
      for (const call of listeners.get(event) ?? []) send({ call, args: [payload] });
    },
    close,
    submit,
    emitReadyEvent() {
      throw new Error("This is no export.");
    },
  };
}

/** Answers the frame's messages and follows its height; returns what ends it. Only settings of a macro can be submitted. */
function serve(frame, module, { spot, close, submit = () => false, follow = () => {} }) {
  const send = (message) => frame.contentWindow?.postMessage({ forge: message }, module.origin);
  const commands = commandsOf({ module, spot, send, close, submit });
  const answer = async ({ data, origin, source }) => {
    if (origin !== module.origin || source !== frame.contentWindow || !data?.forge) return;
    const { id, command, payload, height } = data.forge;
    if (height !== undefined) {
      follow(height);
      return;
    }
    try {
      if (!Object.hasOwn(commands, command)) throw new Error(`The local Confluence does not know ${command}.`);
      send({ id, value: await commands[command](payload ?? {}) });
    } catch (error) {
      send({ id, failure: error.message });
    }
  };
  addEventListener("message", answer);
  return () => removeEventListener("message", answer);
}

function frameOf(module) {
  return el("iframe", { src: module.src, sandbox: SANDBOX, title: `App: ${module.title}` });
}

/** A module's frame in the page, as high as its content unless it has a size. */
export function forgeFrame(module, { contentId = "", spaceKey = "", macro }) {
  const frame = frameOf(module);
  const follow = (height) => frame.style.setProperty("height", `${height}px`);
  const spot = { contentId, spaceKey, localId: macro?.id ?? "" };
  // Only a dialog can be closed.
  serve(frame, module, { spot, close: () => false, ...(module.inline ? { follow } : {}) });
  return frame;
}

/** Opens a module in a modal dialog, as the byline and the page's menu do. */
export function openSurface(view, module) {
  openDialog(module, { contentId: view.page.id });
}

/** Opens the settings of a macro on the page, and calls `changed` once they are stored. The app's own buttons close them. */
export function openSettings(view, module, macroId, changed) {
  const store = (submitted) => post(`/_sim/sites/${view.site}/macro/settings`, { pageId: view.page.id, macroId, submitted });
  const spot = { contentId: view.page.id, localId: macroId, configuring: true };
  openDialog({ ...module, ...module.settings }, spot, { store, changed });
}

function openDialog(module, spot, settings) {
  const opener = document.activeElement;
  const frame = frameOf(module);
  const body = el("div", { class: "dialog-body" }, frame);
  const dialog = el("dialog", { class: `dialog dialog-${module.size}`, "aria-label": module.title }, body);
  const close = () => {
    end();
    dialog.close();
    dialog.remove();
    focusAgain(opener);
    document.dispatchEvent(new CustomEvent("sim:dialog-closed"));
    return true;
  };
  const submit = settings && (async (submitted) => {
    await settings.store(submitted);
    close();
    await settings.changed();
  });
  const end = serve(frame, module, { spot, close, submit });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (!settings) close();
  });
  document.body.append(dialog);
  dialog.showModal();
}
