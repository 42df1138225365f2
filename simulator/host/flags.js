/** Flags: short messages above everything, even dialogs. */
import { el } from "./dom.js";

const SHOWN_MS = 6000;

/** Shows a flag and returns its close function. `actions`: `{ text, run }`. */
export function flag({ title, body = "", type = "info", sticky = false, actions = [], onClose = () => {} }) {
  const region = document.getElementById("flags");
  const close = () => {
    if (!made.isConnected) return;
    made.remove();
    onClose();
    if (region.childElementCount === 0 && region.matches(":popover-open")) region.hidePopover();
  };
  const made = el("div", { class: `flag flag-${type}`, role: type === "error" ? "alert" : null },
    el("strong", {}, title),
    body && el("p", {}, body),
    ...actions.map(({ text, run }) => el("button", { type: "button", class: "link", click: run }, text)),
    el("button", { type: "button", class: "flag-close", "aria-label": "Dismiss", click: close }, "×"));
  // Reopened to lie over later dialogs.
  if (region.matches(":popover-open")) region.hidePopover();
  region.append(made);
  region.showPopover();
  if (!sticky) setTimeout(close, SHOWN_MS);
  return close;
}

/** Runs an action; shows its error. */
export async function attempt(what, run) {
  try {
    return await run();
  } catch (error) {
    const body = error.status === 403 ? "Confluence says: you don't have the right to do this." : error.message;
    flag({ title: `${what} failed`, body, type: "error" });
    return undefined;
  }
}
