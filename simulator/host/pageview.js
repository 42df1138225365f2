/** A page: title, byline, menu, body, attachments. */
import { appFrame } from "./apppages.js";
import { attachmentsSection } from "./attachments.js";
import { openModule } from "./bridge.js";
import { button, el, icon } from "./dom.js";
import { macroItems } from "./macros.js";
import { openSurface } from "/_sim/forge/host/surfaces.js";

const TAGS = { h1: "h2", li: "p" };

function macroOf(view, { app, ...macro }) {
  if (app === null) return el("p", { class: "subtle" }, `Unknown macro: ${macro.key}`);
  if (app.door === "forge" && view.me === null) return el("p", { class: "subtle" }, `${app.title}: only for people with an account`);
  const frame = appFrame(app, { contentId: view.page.id, spaceKey: view.space.key, macro });
  frame.dataset.macro = macro.id;
  return frame;
}

/** The body: text as text, and macros in their frames. */
export function bodyView(view) {
  return view.blocks.map(({ tag, text, macro }) => (macro ? macroOf(view, macro) : el(TAGS[tag] ?? tag, {}, text)));
}

/** Returns label and tooltip, from a bound page property or the descriptor. */
function bylineText(module) {
  return { name: module.byline?.name?.value ?? module.name, tooltip: module.byline?.tooltip?.value ?? module.tooltip };
}

/** Returns what apps of both kinds put into a place: `{ key, name, tooltip, open }`. Forge shows guests no app. */
function itemsOf(view, connectModules, forgeKind) {
  const connect = connectModules.map((module) => ({ key: module.key, ...bylineText(module), open: () => openModule(view, module) }));
  const forge = view.forge.filter(({ kind }) => view.me !== null && kind === forgeKind)
    .map((module) => ({ key: module.key, name: module.title, tooltip: module.tooltip, open: () => openSurface(view, module) }));
  return [...connect, ...forge];
}

function bylineItem({ key, name, tooltip, open }) {
  return el("button", { type: "button", class: "byline-item", title: tooltip || null, "data-module": key, click: open },
    icon("lock"), name);
}

function menu(view, actions) {
  const items = [...itemsOf(view, view.modules.webItems, "confluence:contentAction"), ...macroItems(view, actions)];
  if (items.length === 0) return null;
  const list = el("div", { class: "menu", id: "page-menu", popover: "auto", role: "menu" },
    items.map(({ key, name, open }) => el("button", { type: "button", role: "menuitem", class: "menu-item", "data-module": key,
      click: () => {
        list.hidePopover();
        open();
      } }, name)));
  const opener = button([icon("more")], () => {}, { look: "quiet icon-only", popovertarget: "page-menu", "aria-label": "More actions", "aria-haspopup": "menu" });
  list.addEventListener("beforetoggle", () => {
    const { bottom, right } = opener.getBoundingClientRect();
    list.style.top = `${bottom + 4}px`;
    list.style.right = `${document.documentElement.clientWidth - right}px`;
  });
  return [opener, list];
}

function restrictionNote(view) {
  const { read, update } = view.page.restrictions;
  if (read.length + update.length === 0) return null;
  return el("p", { class: "restricted" }, icon("lock"), "This page is restricted.");
}

/** What stands above the body. */
export function headView(view, actions) {
  const kind = view.page.type === "blogpost" ? "Blog post" : "Page";
  return [
    el("div", { class: "crumbs" }, view.space.name, " / ", kind),
    el("div", { class: "title-line" }, el("h1", {}, view.page.title), el("div", { class: "title-actions" }, menu(view, actions))),
    el("div", { class: "byline" },
      el("span", { class: "subtle" }, `Version ${typeof view.page.version === "object" ? view.page.version.number : view.page.version}`),
      itemsOf(view, view.modules.bylineItems, "confluence:contentBylineItem").map(bylineItem)),
    restrictionNote(view),
  ];
}

export { attachmentsSection as footView };
