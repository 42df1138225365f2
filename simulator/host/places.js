/** Addresses of the local Confluence. */

const SHAPES = [
  [/^\/wiki\/spaces\/([^/]+)\/(?:pages|blog)\/(\d+)/, ([, spaceKey, pageId]) => ({ spaceKey, pageId })],
  [/^\/wiki\/spaces\/([^/]+)\/apps\/([^/]+)$/, ([, spaceKey, appKey]) => ({ spaceKey, appKey })],
  [/^\/wiki\/(?:admin\/)?apps\/([^/]+)$/, ([, appKey]) => ({ appKey })],
  [/^\/wiki\/plugins\/servlet\/ac\/[^/]+\/([^/]+)$/, ([, appKey]) => ({ appKey })],
  [/^\/wiki\/admin$/, () => ({ isAdministration: true })],
];

/** Returns `pageId`, `appKey`, `spaceKey` or `isAdministration`, as far as the address names them. */
export function placeOf({ pathname, search }) {
  for (const [shape, read] of SHAPES) {
    const found = shape.exec(pathname);
    const asked = new URLSearchParams(search).get("space.key");
    if (found) return { ...(asked === null ? {} : { spaceKey: asked }), ...read(found.map((part) => part && decodeURIComponent(part))) };
  }
  return {};
}

const FOLDERS = { general: "/wiki/apps", admin: "/wiki/admin/apps", configure: "/wiki/admin/apps", start: "/wiki/admin/apps" };

/** Where an app's page is; `spaceKey` is needed for those of a space. */
export function addressOf(page, spaceKey) {
  return `${FOLDERS[page.place] ?? `/wiki/spaces/${encodeURIComponent(spaceKey)}/apps`}/${encodeURIComponent(page.key)}`;
}
