/** The host on Atlassian Forge: every call goes through its bridge, which adds proof of the viewer. */
import { dataPath, languageTag, named, UploadFailure, type Host, type ScreenName } from "../host";
import { rememberTheme } from "../theme";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** The part of `@forge/bridge` used here. The package throws when it is imported outside Forge, so entries hand it in. */
export interface ForgeBridge {
  invokeRemote(request: { path: string; method: Method; headers: Record<string, string>; body?: unknown }): Promise<{
    /** Missing where the platform reports its own breakdown as an answer. */
    readonly status?: number;
    readonly headers?: object;
    readonly body?: unknown;
  }>;
  requestConfluence(path: string, init: RequestInit): Promise<Response>;
  readonly router: {
    open(url: string): Promise<void>;
    getUrl(place: { readonly target: "module"; readonly moduleKey: string }): Promise<URL | null>;
  };
  readonly view: {
    getContext(): Promise<{
      readonly moduleKey: string;
      readonly locale: string;
      readonly timezone: string;
      readonly extension: {
        readonly content?: { readonly id?: string };
        readonly space?: { readonly key?: string };
        /** What the author of a macro chose. */
        readonly config?: Readonly<Record<string, unknown>>;
        /** Present in the editor; set in the dialog of a macro's settings, which has the macro's own module and resource. */
        readonly macro?: { readonly isConfiguring?: boolean };
      };
    }>;
    close(): Promise<void>;
    submit(payload: { readonly config: Readonly<Record<string, string>> }): Promise<void>;
    emitReadyEvent(): Promise<void>;
    readonly theme: { enable(): Promise<unknown> };
  };
}

/** The screen of each module in `forge/manifest.yml`. */
export const SCREEN_OF_MODULE: Readonly<Record<string, ScreenName>> = {
  byline: "page",
  "page-menu": "page",
  "locked-files": "macro",
  "my-locks": "my-locks",
  space: "space",
  "space-permissions": "space",
  admin: "admin",
  configure: "admin",
  "get-started": "get-started",
};

/** The part of its screen that a module opens. */
const TAB_OF_MODULE: Readonly<Record<string, string>> = { "space-permissions": "permissions" };

function isUnchanged(body: unknown): boolean {
  return typeof body === "object" && body !== null && "unchanged" in body && body.unchanged === true;
}

interface Table {
  readonly csv: string;
  /** The query of the part that follows. */
  readonly next?: string | null;
}

function isTable(body: unknown): body is Table {
  return typeof body === "object" && body !== null && "csv" in body && typeof body.csv === "string";
}

/** Forge carries JSON alone, so our server wraps tables. */
function tableOf({ csv, next }: Table, headers: [string, string][]): Response {
  const answer = new Response(csv, { headers });
  if (typeof next === "string") answer.headers.set("Link", `<${next}>; rel="next"`);
  return answer;
}

function responseOf(status: number, headers: object, body: unknown): Response {
  const answered = { headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]) };
  if (isUnchanged(body)) return new Response(null, { ...answered, status: 304 });
  if (isTable(body)) return tableOf(body, answered.headers);
  return new Response(body === undefined || body === null ? null : JSON.stringify(body), { ...answered, status });
}

function textsOf(config: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const texts = Object.entries(config).flatMap(([name, value]) => (value === "" || value === null || typeof value === "object" ? [] : [[name, String(value)]]));
  return Object.fromEntries(texts) as Readonly<Record<string, string>>;
}

/** Our server names itself in its answers: the platform calls it, and names it to no frame. */
const SERVER = "lockpoint-server";

export function forgeHost(bridge: ForgeBridge): Host {
  const { requestConfluence, router, view } = bridge;
  let server: string | null = null;
  return {
    async context() {
      const { moduleKey, locale, timezone, extension } = await view.getContext();
      const screen = extension.macro?.isConfiguring === true ? "macro-settings" : SCREEN_OF_MODULE[moduleKey];
      if (screen === undefined) throw new Error(`No screen belongs to the module ${moduleKey}.`);
      const place = { contentId: extension.content?.id ?? null, spaceKey: extension.space?.key ?? null };
      const chosen = { tab: TAB_OF_MODULE[moduleKey] ?? null, parameters: textsOf(extension.config ?? {}) };
      return { screen, guest: false, ...place, ...chosen, locale: languageTag(locale), timeZone: timezone };
    },
    async fetch(path, init) {
      const request = {
        path: `/forge${path}`,
        method: (init.method ?? "GET") as Method,
        headers: Object.fromEntries(new Headers(init.headers)),
        ...(typeof init.body === "string" ? { body: JSON.parse(init.body) as unknown } : {}),
      };
      const { status, headers, body } = await bridge.invokeRemote(request).catch((cause: unknown) => {
        throw new TypeError("Forge brought no answer.", { cause });
      });
      if (status === undefined) throw new TypeError("Forge answered without a status.");
      const answer = responseOf(status, headers ?? {}, body);
      server = answer.headers.get(SERVER) ?? server;
      return answer;
    },
    async upload(target, file) {
      const body = new FormData();
      body.append("file", named(file, target));
      body.append("minorEdit", "false");
      const answer = await requestConfluence(`/wiki${dataPath(target)}`, { method: "POST", headers: { "X-Atlassian-Token": "no-check" }, body }).catch((cause: unknown) => {
        throw new UploadFailure(null, { cause });
      });
      if (!answer.ok) throw new UploadFailure(answer.status);
    },
    followTheme() {
      rememberTheme();
      void view.theme.enable();
    },
    publicPage: (path) => server === null ? null : `${server}${path}`,
    settingsPage: async () => router.getUrl({ target: "module", moduleKey: "admin" }).then((url) => url?.href ?? null, () => null),
    open: (url) => void router.open(url),
    close: () => void view.close(),
    keepParameters: (parameters) => view.submit({ config: parameters }),
    ready: () => void view.emitReadyEvent(),
  };
}
