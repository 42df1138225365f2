/** Shows what the address names and refreshes it. */
import { administration, appPage } from "./apppages.js";
import { startBridge } from "./bridge.js";
import { el } from "./dom.js";
import { contentList, sidebar, topBar, welcome } from "./frame.js";
import { bodyView, footView, headView } from "./pageview.js";
import { placeOf } from "./places.js";
import { get } from "./server.js";

const REFRESH_MS = 2500;
const content = document.getElementById("content");
const place = placeOf(location);
/** The body is drawn only when it changed: a frame that moves in the document loads again. */
const parts = { head: el("div"), body: el("div", { class: "body" }), foot: el("div") };

/** The page shown; `drawn`: its last JSON, to skip unchanged redraws; `body`: that of its body. */
const shown = { site: "", home: null, view: null, drawn: "", body: "" };

function contextOf({ page, space }) {
  return {
    "content.id": page.id, "content.type": page.type, "content.version": String(page.version?.number ?? page.version),
    "page.id": page.id, "page.type": page.type, "space.id": String(space.id), "space.key": space.key,
  };
}

function nowShown() {
  const { view, home, site } = shown;
  const location = view && { contentId: view.page.id, contentType: view.page.type, spaceKey: view.space.key };
  const space = place.spaceKey ? { "space.key": place.spaceKey } : {};
  return { site, me: home?.me ?? null, context: view ? contextOf(view) : space, location };
}

function draw() {
  const { view } = shown;
  const active = document.activeElement;
  const again = content.contains(active) ? pathTo(active) : null;
  parts.head.replaceChildren(...headView(view, { refresh }).flat(Infinity).filter(Boolean));
  drawBody(view);
  parts.foot.replaceChildren(footView(view, { refresh }));
  if (!parts.head.isConnected) content.replaceChildren(...Object.values(parts));
  if (again) content.querySelector(again)?.focus({ preventScroll: true });
  document.title = `${view.page.title} - ${view.space.name} - Confluence (simulated)`;
}

function drawBody(view) {
  const body = JSON.stringify(view.blocks);
  if (body === shown.body) return;
  shown.body = body;
  parts.body.replaceChildren(...bodyView(view));
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
  if (!redraw) shown.view = await get(`/_sim/sites/${shown.site}/pages/${place.pageId}/view`);
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
  document.getElementById("topbar").append(...topBar(shown.home, await get("/_sim/clock")));
  document.getElementById("sidebar").append(...(shown.home.me ? sidebar(shown.home, place) : []));
  document.title = `${shown.home.siteName} - Confluence (simulated)`;
  startBridge(nowShown);
  if (place.pageId) await startPage();
  else if (!shown.home.me) content.replaceChildren(...welcome(shown.home));
  else startElsewhere();
}

async function startPage() {
  document.addEventListener("sim:dialog-closed", () => refresh());
  await refresh().catch(shown.home.me ? missing : () => content.replaceChildren(...welcome(shown.home)));
  setTimeout(keepTrue, REFRESH_MS);
}

/** Frames stay where they are: these views are drawn once. */
function startElsewhere() {
  const view = place.isAdministration ? administration(shown.home) : place.appKey ? appPage(shown.home, place) : contentList(shown.home);
  if (view === null) missing();
  else content.replaceChildren(...view.filter(Boolean));
}

await start();
