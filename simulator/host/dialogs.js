/** App dialogs, as native modal dialogs. */
import { el } from "./dom.js";

const open = [];
const top = () => open.at(-1);

function makeButton(entry, action) {
  const made = el("button", { type: "button", class: action.type === "primary" ? "btn primary" : "btn", click: action.onClick }, action.text);
  made.disabled = Boolean(action.disabled);
  made.hidden = Boolean(action.hidden);
  entry.buttons.set(action.identifier, made);
  entry.foot.append(made);
}

function frameOf(host, extension) {
  return host.create({ addon_key: extension.addon_key, key: extension.key, options: extension.options });
}

export function closeDialog(host) {
  const entry = open.pop();
  if (!entry) return;
  const frame = entry.element.querySelector("iframe");
  if (frame) host.destroy(frame.id);
  entry.element.close();
  entry.element.remove();
  focusAgain(entry.opener);
  document.dispatchEvent(new CustomEvent("sim:dialog-closed"));
}

/** Focuses the opener, even if redrawn. */
export function focusAgain(opener) {
  const { module } = opener?.dataset ?? {};
  const found = opener?.isConnected || !module ? opener : document.querySelector(`[data-module="${CSS.escape(module)}"]`);
  found?.focus();
}

function create(host, options, extension) {
  const body = el("div", { class: "dialog-body" });
  const foot = el("footer", { class: "dialog-foot" });
  const element = el("dialog", { class: `dialog dialog-${options.size ?? "custom"}` });
  if (!options.size) Object.assign(element.style, { width: options.width, height: options.height });
  const entry = { element, extension, foot, buttons: new Map(), opener: document.activeElement };
  open.push(entry);
  if (options.chrome) {
    const id = `dialog-title-${options.id}`;
    element.setAttribute("aria-labelledby", id);
    element.append(el("h1", { class: "dialog-title", id }, options.header));
  } else {
    element.setAttribute("aria-label", options.header || extension.key);
  }
  element.append(body);
  if (options.chrome) {
    for (const action of options.actions) makeButton(entry, action);
    element.append(foot);
  }
  element.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (options.closeOnEscape) closeDialog(host);
  });
  document.body.append(element);
  element.showModal();
  Object.assign(extension.options, { isDialog: true, dialogId: options.id, width: "100%", height: "100%" });
  body.append(frameOf(host, extension)[0]);
}

/** The host library's replacement for AUI. */
export function dialogProvider(host) {
  const buttonOf = (identifier) => top()?.buttons.get(identifier);
  return {
    create: (options, extension) => create(host, options, extension),
    close: () => closeDialog(host),
    isActiveDialog: (addonKey) => top()?.extension.addon_key === addonKey,
    createButton: (action) => top() && makeButton(top(), action),
    setButtonDisabled: (identifier, disabled) => Object.assign(buttonOf(identifier) ?? {}, { disabled }),
    isButtonDisabled: (identifier) => buttonOf(identifier)?.disabled ?? true,
    toggleButton: (identifier) => {
      const found = buttonOf(identifier);
      if (found) found.disabled = !found.disabled;
    },
    setButtonHidden: (identifier, hidden) => Object.assign(buttonOf(identifier) ?? {}, { hidden }),
    isButtonHidden: (identifier) => buttonOf(identifier)?.hidden ?? true,
  };
}
