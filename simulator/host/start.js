/** Shows what the address names and refreshes it. */
import { startBridge } from "./bridge.js";
import { el } from "./dom.js";
import { contentList, sidebar, topBar, welcome } from "./frame.js";
import { pageView } from "./pageview.js";
import { get } from "./server.js";

const REFRESH_MS = 2500;
const content = document.getElementById("content");

/** The page shown; `drawn`: its last JSON, to skip unchanged redraws. */
const shown = { site: "", home: null, view: null, drawn: "" };

const pageId = () => /\/(?:pages|blog)\/(\d+)/.exec(location.pathname)?.[1] ?? null;

function contextOf({ page, space }) {
  return {
    "content.id": page.id, "content.type": page.type, "content.version": String(page.version?.number ?? page.version),
    "page.id": page.id, "page.type": page.type, "space.id": String(space.id), "space.key": space.key,
  };
}

function nowShown() {
  const { view, home, site } = shown;
  const location = view && { contentId: view.page.id, contentType: view.page.type, spaceKey: view.space.key };
  return { site, me: home?.me ?? null, context: view ? contextOf(view) : {}, location };
}

function draw() {
  const { view } = shown;
  const active = document.activeElement;
  const again = content.contains(active) ? pathTo(active) : null;
  content.replaceChildren(...pageView(view, { refresh }).flat(Infinity).filter(Boolean));
  if (again) content.querySelector(again)?.focus({ preventScroll: true });
  document.title = `${view.page.title} - ${view.space.name} - Confluence (simulated)`;
}

/** Returns a selector that survives a redraw. */
function pathTo(element) {
  const file = element.closest("[data-file]")?.dataset.file;
  const { act, module } = element.dataset;
  if (module) return `[data-module="${CSS.escape(module)}"]`;
  if (file && act) return `[data-file="${CSS.escape(file)}"] [data-act="${act}"]`;
  const label = element.getAttribute("aria-label");
  return label ? `${element.localName}[aria-label="${CSS.escape(label)}"]` : null;
}

async function refresh({ redraw = false } = {}) {
  if (!redraw) shown.view = await get(`/_sim/sites/${shown.site}/pages/${pageId()}/view`);
  const drawn = JSON.stringify(shown.view);
  if (!redraw && drawn === shown.drawn) return;
  shown.drawn = drawn;
  draw();
}

function missing() {
  content.replaceChildren(el("h1", {}, "You can't see this page"),
    el("p", { class: "lead" }, "It does not exist, or it is restricted. Be somebody else, or choose another page."));
}

async function keepTrue() {
  // Skip while a menu or dialog is open or the tab hidden.
  const busy = document.hidden || document.querySelector(".menu:popover-open");
  if (!busy) await refresh().catch((error) => error.status === 404 && (shown.home.me ? missing() : null));
  setTimeout(keepTrue, REFRESH_MS);
}

async function start() {
  const { site } = await get("/_sim/whoami");
  shown.site = site;
  shown.home = await get(`/_sim/sites/${site}/home`);
  document.getElementById("topbar").append(...topBar(shown.home));
  document.getElementById("sidebar").append(...(shown.home.me ? sidebar(shown.home, pageId()) : []));
  document.title = `${shown.home.siteName} - Confluence (simulated)`;
  const nothing = shown.home.me ? missing : () => content.replaceChildren(...welcome(shown.home));
  if (pageId() === null) content.replaceChildren(...(shown.home.me ? contentList : welcome)(shown.home));
  else {
    startBridge(nowShown);
    document.addEventListener("sim:dialog-closed", () => refresh());
    await refresh().catch(nothing);
    setTimeout(keepTrue, REFRESH_MS);
  }
}

await start();
