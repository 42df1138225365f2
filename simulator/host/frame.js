/** Top bar (person, theme) and sidebar (the space's content). */
import { siteSections, spaceLinks } from "./apppages.js";
import { avatar, button, el, icon } from "./dom.js";
import { post } from "./server.js";
import { timeControl } from "./time.js";

async function be(account) {
  await post("/_sim/be", { account });
  location.reload();
}

function personChooser(home) {
  const options = home.people.filter((person) => person.role !== "app" && person.active !== false)
    .map((person) => el("option", { value: person.name }, `${person.displayName} (${person.role})`));
  const select = el("select", { "aria-label": "You are", change: (event) => be(event.target.value) },
    !home.me && el("option", { value: "" }, "Choose who you are…"), options);
  select.value = home.me?.name ?? "";
  return el("label", { class: "chooser" }, home.me && avatar(home.me), el("span", { class: "chooser-label" }, "You are"), select);
}

function themeButton() {
  const root = document.documentElement;
  const isDark = () => root.getAttribute("data-color-mode") === "dark";
  const made = button([icon("sun")], () => {
    const mode = isDark() ? "light" : "dark";
    root.setAttribute("data-color-mode", mode);
    localStorage.setItem("sim.colorMode", mode);
    made.setAttribute("aria-pressed", String(isDark()));
  }, { look: "quiet icon-only", "aria-label": "Dark theme", "aria-pressed": String(isDark()), title: "Light or dark" });
  return made;
}

export function topBar(home, clock) {
  return [
    el("a", { class: "product", href: "/wiki/" }, el("span", { class: "logo", "aria-hidden": "true" }), "Confluence"),
    el("span", { class: "simulated", title: "A local stand-in for tests and demos. Nothing here reaches Atlassian." }, "Simulator"),
    el("span", { class: "site-name" }, home.siteName),
    timeControl(clock),
    personChooser(home),
    themeButton(),
  ].filter(Boolean);
}

function spaceSection(home, space, shown) {
  const contents = home.contents.filter((one) => one.spaceKey === space.key && one.status === "current");
  return el("section", {},
    el("h2", {}, el("span", { class: "space-mark", "aria-hidden": "true" }, space.name[0]), space.name),
    el("ul", {}, contents.map((one) => el("li", {},
      el("a", { href: one.url, "aria-current": one.id === shown.pageId ? "page" : null },
        icon(one.type === "blogpost" ? "blog" : "page"), el("span", {}, one.title)))), spaceLinks(home, space, shown)));
}

/** `shown`: what the address names. */
export function sidebar(home, shown) {
  return [...home.spaces.map((space) => spaceSection(home, space, shown)), ...siteSections(home, shown)].filter(Boolean);
}

/** Asks a visitor to choose a person. */
export function welcome(home) {
  const people = home.people.filter((person) => person.role !== "app" && person.active !== false);
  return [
    el("h1", {}, `Welcome to ${home.siteName}`),
    el("p", { class: "lead" }, "This is a local stand-in for Confluence Cloud. Choose who you want to be; you can change that at any time, at the top of the page."),
    el("ul", { class: "cast" }, people.map((person) => el("li", {},
      el("button", { type: "button", class: "cast-member", click: () => be(person.name) },
        avatar(person), el("strong", {}, person.displayName), el("span", { class: "subtle" }, person.role))))),
  ];
}

export function contentList(home) {
  return [
    el("h1", {}, home.siteName),
    el("ul", { class: "cards" }, home.contents.filter((one) => one.status === "current").map((one) => el("li", {},
      el("a", { href: one.url }, icon(one.type === "blogpost" ? "blog" : "page"), el("strong", {}, one.title),
        el("span", { class: "subtle" }, one.attachments === 1 ? "1 attachment" : `${one.attachments} attachments`))))),
  ];
}
