/** The host on Atlassian Connect: its library is the global `AP`, the API is on our own origin. */
import { dataPath, languageTag, named, UploadFailure, type Host, type HostContext, type ScreenName } from "../host";
import { rememberTheme } from "../theme";

/** The part of `AP` used here; it exists in the production library and in the published package. */
export interface ConnectBridge {
  readonly context: { getToken(): Promise<string> };
  readonly user: {
    getLocale(callback: (locale: string) => void): void;
    getTimeZone(callback: (zone: string) => void): void;
  };
  readonly theming: { initializeTheming(): void };
  readonly dialog: { close(): void };
  request(options: {
    readonly url: string;
    readonly type: "POST";
    readonly contentType: "multipart/form-data";
    readonly headers: Readonly<Record<string, string>>;
    readonly data: Readonly<Record<string, string | File>>;
  }): Promise<unknown>;
}

/** What the server and Confluence told this frame by its page and its signed address. */
export interface ConnectFrame {
  readonly screen: ScreenName;
  readonly guest: boolean;
  /** The query of the frame's address. */
  readonly query: string;
  /** The app's key; null where our page does not name it. */
  readonly appKey: string | null;
}

/** Confluence names its own address in the frame's. */
function settingsPageOf({ query, appKey }: ConnectFrame): string | null {
  const asked = new URLSearchParams(query);
  const site = asked.get("xdm_e") ?? "";
  if (appKey === null || !/^https?:/.test(site) || !URL.canParse(site)) return null;
  return new URL(`${asked.get("cp") ?? ""}/plugins/servlet/ac/${encodeURIComponent(appKey)}/lockpoint-admin`, new URL(site).origin).href;
}

/** A token is valid for about 15 minutes. One request a minute is cheap, and no token is near its end. */
export const TOKEN_REUSE_MS = 60_000;

/** Return a function that asks for a token once a minute; `fresh` asks at once. `now` is monotonic, in milliseconds. */
function tokensOf(bridge: ConnectBridge, now: () => number): (fresh: boolean) => Promise<string> {
  let cached: { readonly token: Promise<string>; readonly at: number } | null = null;
  return (fresh) => {
    if (!fresh && cached !== null && now() - cached.at < TOKEN_REUSE_MS) return cached.token;
    const token = bridge.context.getToken();
    cached = { token, at: now() };
    token.catch(() => {
      cached = null;
    });
    return token;
  };
}

/** Return the status of a refusal, which the bridge brings as an object or as its JSON; null where there is none. */
function statusOf(refusal: unknown): number | null {
  let told = refusal;
  try {
    if (typeof refusal === "string") told = JSON.parse(refusal);
  } catch {
    return null;
  }
  const { xhr } = (told ?? {}) as { xhr?: { status?: unknown } };
  const status = Number(xhr?.status);
  return Number.isInteger(status) && status >= 400 ? status : null;
}

function openTab(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.click();
}

/** Language and zone come from the profile; a guest has none, so the product is not asked. */
async function voiceOf({ user }: ConnectBridge, guest: boolean): Promise<Pick<HostContext, "locale" | "timeZone">> {
  if (guest) return { locale: navigator.language, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone };
  const [locale, timeZone] = await Promise.all([
    new Promise<string>((resolve) => user.getLocale(resolve)),
    new Promise<string>((resolve) => user.getTimeZone(resolve)),
  ]);
  return { locale: languageTag(locale), timeZone };
}

/** Parameters of a macro; in the frame's address they begin so, to differ from what Confluence adds itself. */
const PARAMETER = "macro.";

function parametersOf(asked: URLSearchParams): Readonly<Record<string, string>> {
  const own = [...asked].filter(([name, value]) => name.startsWith(PARAMETER) && value !== "");
  return Object.fromEntries(own.map(([name, value]) => [name.slice(PARAMETER.length), value]));
}

export function connectHost(bridge: ConnectBridge, frame: ConnectFrame, now = (): number => performance.now()): Host {
  const token = tokensOf(bridge, now);

  async function send(path: string, init: RequestInit, fresh: boolean): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `JWT ${await token(fresh)}`);
    return fetch(path, { ...init, headers, cache: "no-store" });
  }

  return {
    async context() {
      const { screen, guest, query } = frame;
      const asked = new URLSearchParams(query);
      const place = { contentId: asked.get("pageId"), spaceKey: asked.get("spaceKey"), tab: asked.get("tab") };
      return { screen, guest, ...place, parameters: parametersOf(asked), ...(await voiceOf(bridge, guest)) };
    },
    async fetch(path, init) {
      const response = await send(path, init, false);
      return response.status === 401 ? send(path, init, true) : response;
    },
    async upload(target, file) {
      const data = { file: named(file, target), minorEdit: "false" };
      const headers = { "X-Atlassian-Token": "no-check" };
      try {
        await bridge.request({ url: dataPath(target), type: "POST", contentType: "multipart/form-data", headers, data });
      } catch (refusal) {
        throw new UploadFailure(statusOf(refusal), { cause: refusal });
      }
    },
    followTheme() {
      rememberTheme();
      bridge.theming.initializeTheming();
    },
    publicPage: (path) => new URL(path, location.origin).href,
    settingsPage: async () => Promise.resolve(settingsPageOf(frame)),
    open: openTab,
    close: () => bridge.dialog.close(),
    keepParameters: () => Promise.reject(new Error("On Connect, Confluence itself asks for the parameters of a macro.")),
    ready() {
      // Connect takes a macro for complete when its frame has loaded, and has no call for it.
    },
  };
}

/** Return the host of this page, which shows `screen`. Throws when the Connect library did not load. */
export function currentHost(screen: ScreenName): Host {
  const bridge = (globalThis as { AP?: ConnectBridge }).AP;
  if (bridge === undefined) throw new Error("The library of Atlassian Connect did not load.");
  const { guest, appKey } = document.getElementById("app")?.dataset ?? {};
  return connectHost(bridge, { screen, guest: guest !== undefined, query: location.search, appKey: appKey ?? null });
}
