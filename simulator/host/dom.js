/** Element builders. Text is never parsed as markup. */

const asProperty = new Set(["value", "checked", "disabled", "hidden", "open"]);

/** Builds an element; function attributes become listeners, null and false are omitted. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name, value);
    else if (asProperty.has(name)) made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Builds a button; `look` adds classes. */
export function button(text, click, { look = "", ...attributes } = {}) {
  return el("button", { type: "button", class: `btn ${look}`, click, ...attributes }, text);
}

const SHAPES = {
  page: "M4 1.8h5.5L12.5 5v9.2h-9V1.8zM9.2 2v3.2h3",
  blog: "M3 13.2l.8-3L10.5 3.5 12.7 5.7 6 12.4z",
  file: "M11 4.5 6 9.5a1.4 1.4 0 0 0 2 2l5-5a2.8 2.8 0 0 0-4-4l-5 5a4.2 4.2 0 0 0 6 6l4-4",
  more: "M3 7h1v1H3zM7.5 7h1v1h-1zM12 7h1v1h-1z",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15",
  upload: "M8 10.5V2.8M4.8 6 8 2.8 11.2 6M3 13.5h10",
  unfold: "M4.5 6.5 8 10l3.5-3.5",
  app: "M3 3h4v4H3zM9 3h4v4H9zM3 9h4v4H3zM9 9h4v4H9z",
  lock: "M4.5 7V5a3.5 3.5 0 0 1 7 0v2M3.5 7h9v6.5h-9z",
};

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  for (const [key, value] of Object.entries({ class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

export function avatar(person) {
  const words = (person?.displayName ?? "?").split(" ");
  const initials = words.map((word) => word[0]).slice(0, 2).join("");
  const tone = [...(person?.accountId ?? "")].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 6;
  return el("span", { class: `avatar tone-${tone}`, "aria-hidden": "true" }, initials);
}

const whenFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export function when(iso) {
  return el("time", { datetime: iso, title: new Date(iso).toLocaleString("en-GB") }, whenFormat.format(new Date(iso)));
}

export function size(bytes) {
  return bytes < 1024 ? `${bytes} B` : bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}
