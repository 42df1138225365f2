/** What apps bring beside pages: their links in the sidebar, their own pages, and the list of installed apps. */
import { connectFrame } from "./bridge.js";
import { el, icon } from "./dom.js";
import { addressOf } from "./places.js";
import { forgeFrame } from "/_sim/forge/host/surfaces.js";

const FORGE = "forge";
const inPlaces = (home, ...places) => home.appPages.filter(({ place }) => places.includes(place));

function links(pages, shown, spaceKey) {
  return pages.map((page) => el("li", {},
    el("a", { href: addressOf(page, spaceKey), "aria-current": shown.appKey === page.key && shown.spaceKey === spaceKey ? "page" : null,
      "data-app-page": page.key }, icon("app"), el("span", {}, page.place === "settings" ? `${page.title} settings` : page.title))));
}

/** Links of a space: its settings for those who administer it, as Confluence shows them. */
export function spaceLinks(home, space, shown) {
  return links(inPlaces(home, "space", ...(space.administer ? ["settings"] : [])), shown, space.key);
}

/** Sections of the sidebar that belong to no space. */
export function siteSections(home, shown) {
  const general = links(inPlaces(home, "general"), shown);
  return [
    general.length > 0 && el("section", {}, el("h2", {}, "Apps"), el("ul", {}, general)),
    home.me.siteAdmin && el("section", {}, el("h2", {}, "Administration"), el("ul", {},
      el("li", {}, el("a", { href: "/wiki/admin", "aria-current": shown.isAdministration ? "page" : null }, icon("app"), el("span", {}, "Installed apps"))),
      links(inPlaces(home, "admin"), shown))),
  ];
}

/** A frame of either platform's app in the page around it. */
export function appFrame({ door, module }, place) {
  const frame = door === FORGE ? forgeFrame(module, place) : connectFrame(module, place);
  return el("div", { class: place.macro ? "app-frame" : "app-frame app-page" }, frame);
}

/** An app's own page. */
export function appPage(home, { appKey, spaceKey }) {
  const page = home.appPages.find(({ key }) => key === appKey);
  const space = home.spaces.find(({ key }) => key === spaceKey);
  if (page === undefined || (spaceKey && space === undefined)) return null;
  return [
    el("div", { class: "crumbs" }, [space?.name ?? home.siteName, page.title].join(" / ")),
    appFrame(page, { spaceKey: space?.key }),
  ];
}

/** The installed apps, each with the pages that only this list leads to. */
export function administration(home) {
  const names = { configure: "Configure", start: "Get started" };
  const pages = inPlaces(home, "configure", "start");
  return [
    el("h1", {}, "Installed apps"),
    pages.length === 0 && el("p", { class: "lead" }, "No app is installed."),
    el("ul", { class: "cards" }, pages.map((page) => el("li", {},
      el("a", { href: addressOf(page), "data-app-page": page.key }, icon("app"), el("strong", {}, names[page.place]), el("span", { class: "subtle" }, page.title))))),
  ];
}
