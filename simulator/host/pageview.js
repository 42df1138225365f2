/** A page: title, byline, menu, body, attachments. */
import { attachmentsSection } from "./attachments.js";
import { openModule } from "./bridge.js";
import { button, el, icon } from "./dom.js";

/** Keeps a body's text and blocks, without anything executable. */
function bodyOf(html) {
  const kept = new Set(["P", "H1", "H2", "H3", "LI"]);
  const parsed = new DOMParser().parseFromString(html, "text/html");
  return [...parsed.body.querySelectorAll("p, h1, h2, h3, li")]
    .filter((node) => kept.has(node.tagName))
    .map((node) => el(node.tagName === "H1" ? "h2" : node.tagName === "LI" ? "p" : node.tagName.toLowerCase(), {}, node.textContent));
}

/** Returns label and tooltip, from a bound page property or the descriptor. */
function bylineText(module) {
  return { name: module.byline?.name?.value ?? module.name, tooltip: module.byline?.tooltip?.value ?? module.tooltip };
}

function bylineItem(view, module) {
  const shown = bylineText(module);
  return el("button", { type: "button", class: "byline-item", title: shown.tooltip || null, "data-module": module.key,
    click: () => openModule(view, module) }, icon("lock"), shown.name);
}

function menu(view) {
  if (view.modules.webItems.length === 0) return null;
  const list = el("div", { class: "menu", id: "page-menu", popover: "auto", role: "menu" },
    view.modules.webItems.map((module) => el("button", { type: "button", role: "menuitem", class: "menu-item", "data-module": module.key,
      click: () => {
        list.hidePopover();
        openModule(view, module);
      } }, module.name)));
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

export function pageView(view, actions) {
  const kind = view.page.type === "blogpost" ? "Blog post" : "Page";
  return [
    el("div", { class: "crumbs" }, view.space.name, " / ", kind),
    el("div", { class: "title-line" }, el("h1", {}, view.page.title), el("div", { class: "title-actions" }, menu(view))),
    el("div", { class: "byline" },
      el("span", { class: "subtle" }, `Version ${typeof view.page.version === "object" ? view.page.version.number : view.page.version}`),
      view.modules.bylineItems.map((module) => bylineItem(view, module))),
    restrictionNote(view),
    el("div", { class: "body" }, bodyOf(view.page.body)),
    attachmentsSection(view, actions),
  ];
}
