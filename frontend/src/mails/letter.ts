/**
 * The HTML of a mail, shown as it is without breaking the content security policy: styles are set by script, which the
 * policy allows, in a tree of its own. Neither links nor pictures are taken over.
 */

const TAGS: ReadonlySet<string> = new Set(["A", "BR", "DIV", "H1", "H2", "LI", "P", "SPAN", "STRONG", "TABLE", "TBODY", "TD", "TR", "UL"]);
const ATTRIBUTES = ["align", "class", "dir", "lang", "role", "width"] as const;
const STYLE = "data-style";
const SHEET = /<style[^>]*>([\s\S]*?)<\/style>/gi;

/** Return the HTML without what a parser would take for inline styles, and its style sheets. */
export function parted(html: string): { readonly html: string; readonly css: string } {
  const css = [...html.matchAll(SHEET)].map(([, sheet = ""]) => sheet).join("\n");
  return { html: html.replace(SHEET, "").replace(/ style="/g, ` ${STYLE}="`), css };
}

/** Return a copy of the node with what may be shown; null for everything else. */
function copy(node: Node): Node | null {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.textContent ?? "");
  if (!(node instanceof Element) || !(TAGS.has(node.tagName) || node.tagName === "BODY")) return null;
  const made = document.createElement(node.tagName === "BODY" ? "div" : node.tagName);
  for (const name of ATTRIBUTES) {
    const value = node.getAttribute(name);
    if (value !== null) made.setAttribute(name, value);
  }
  made.style.cssText = node.getAttribute(STYLE) ?? "";
  made.append(...[...node.childNodes].map(copy).filter((child) => child !== null));
  return made;
}

/** Show a mail in the element's shadow tree. */
export function showLetter(place: HTMLElement, mail: string): void {
  const root = place.shadowRoot ?? place.attachShadow({ mode: "open" });
  const { html, css } = parted(mail);
  const body = copy(new DOMParser().parseFromString(html, "text/html").body);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  root.replaceChildren(...(body === null ? [] : [body]));
}
