import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createClient, locksApi, NetworkError, type ClientDependencies } from "../../src/api";

const createApi = (deps: ClientDependencies) => locksApi(createClient(deps));
import type { Host } from "../../src/host";
import { forgeHost, SCREEN_OF_MODULE } from "../../src/host/forge";
import { page } from "../cast";

interface Call {
  readonly command: string;
  readonly payload: { readonly path: string; readonly method: string; readonly headers: Record<string, string>; readonly body?: unknown };
}

const CONTEXT = {
  moduleKey: "byline", locale: "de-DE", timezone: "Europe/Berlin", localId: "l",
  extension: { type: "confluence:contentBylineItem", content: { id: "98311", type: "page" }, space: { key: "DS", id: "1" } },
};

let calls: Call[] = [];
let answers: Record<string, unknown> = {};

/** A host on the real package of Atlassian, over a platform that answers by command. */
async function realHost(): Promise<Host> {
  vi.stubGlobal("__bridge", {
    callBridge: async (command: string, payload: Call["payload"]) => {
      calls.push({ command, payload });
      const answer = answers[command];
      if (answer instanceof Error) throw answer;
      return Promise.resolve(typeof answer === "function" ? (answer as () => unknown)() : answer);
    },
  });
  vi.resetModules();
  const { invokeRemote, requestConfluence, router, view } = await import("@forge/bridge");
  return forgeHost({ invokeRemote, requestConfluence, router, view });
}

const sent = (index: number): Headers => new Headers(calls[index]?.payload.headers);
const answered = (status: number, body?: unknown, headers: Record<string, string[]> = {}) =>
  ({ success: true, payload: { status, headers, body } });

beforeEach(() => {
  calls = [];
  answers = {};
});
afterEach(() => vi.unstubAllGlobals());

describe("the API on Forge", () => {
  test("a call goes through the platform to the address below /forge, its body as an object", async () => {
    answers["invoke"] = answered(201, { id: "7" }, { ETag: ['W/"t"'] });
    const host = await realHost();
    const response = await host.fetch("/api/v1/attachments/7/lock?x=1", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: '{"requestId":"r"}',
    });
    expect(calls[0]).toMatchObject({
      command: "invoke",
      payload: {
        invokeType: "ui-remote-fetch", path: "/forge/api/v1/attachments/7/lock?x=1", method: "POST", body: { requestId: "r" },
      },
    });
    expect(sent(0).get("Content-Type")).toBe("application/json");
    expect([response.status, await response.json(), response.headers.get("ETag")]).toEqual([201, { id: "7" }, 'W/"t"']);
  });

  test("a call without a method reads, and sends no body", async () => {
    answers["invoke"] = answered(200, {});
    await (await realHost()).fetch("/api/v1/me", {});
    expect(calls[0]?.payload).not.toHaveProperty("body");
    expect(calls[0]?.payload.method).toBe("GET");
  });

  test("a refusal is an answer with its status", async () => {
    answers["invoke"] = answered(409, { error: "already_locked" });
    const response = await (await realHost()).fetch("/api/v1/me", {});
    expect([response.status, await response.json()]).toEqual([409, { error: "already_locked" }]);
  });

  test("unchanged is told as 304, with its tag", async () => {
    answers["invoke"] = answered(200, { unchanged: true }, { etag: ['W/"t"'] });
    const response = await (await realHost()).fetch("/api/v1/me", {});
    expect([response.status, response.headers.get("ETag"), await response.text()]).toEqual([304, 'W/"t"', ""]);
  });

  test("a table is told as a table, with the place where it goes on", async () => {
    answers["invoke"] = answered(200, { csv: "a,b\n", name: "locks.csv", next: "?cursor=x" });
    const response = await (await realHost()).fetch("/api/v1/locks?scope=mine", { headers: { Accept: "text/csv" } });
    expect([await response.text(), response.headers.get("Link")]).toEqual(["a,b\n", '<?cursor=x>; rel="next"']);
    answers["invoke"] = answered(200, { csv: "a,b\n", name: "locks.csv", next: null });
    expect((await (await realHost()).fetch("/api/v1/locks?scope=mine", {})).headers.get("Link")).toBeNull();
  });

  test.each([{ unchanged: false }, { unchanged: "true" }, [], "unchanged", null])("%j is not unchanged", async (body) => {
    answers["invoke"] = answered(200, body);
    expect((await (await realHost()).fetch("/api/v1/me", {})).status).toBe(200);
  });

  test.each([
    ["a rejected promise", new Error("There was an error invoking the function")],
    ["a breakdown told as an answer", { success: false, error: { message: "time-out" } }],
    ["nothing", undefined],
  ])("%s is no answer", async (_, answer) => {
    answers["invoke"] = answer;
    await expect((await realHost()).fetch("/api/v1/me", {})).rejects.toBeInstanceOf(TypeError);
  });

  test("a write whose answer was lost is asked again under the same request id", async () => {
    const outcomes = [() => { throw new Error("lost"); }, () => answered(201, { id: "7" })];
    answers["invoke"] = () => outcomes.shift()?.();
    const host = await realHost();
    const api = createApi({ fetch: (path, init) => host.fetch(path, init), newId: () => "r1" });
    await api.acquire("7", {});
    expect(calls.map(({ payload }) => payload.body)).toEqual([{ requestId: "r1" }, { requestId: "r1" }]);
  });

  test("the refresh of an open list works by tag, and a lasting breakdown is told as such", async () => {
    const host = await realHost();
    const api = createApi({ fetch: (path, init) => host.fetch(path, init), newId: () => "r1" });
    answers["invoke"] = answered(200, page([]), { etag: ['W/"t"'] });
    await api.attachments("1", null);
    answers["invoke"] = answered(200, { unchanged: true });
    expect(await api.attachments("1", null)).toBeNull();
    expect(sent(1).get("If-None-Match")).toBe('W/"t"');
    answers["invoke"] = new Error("down");
    await expect(api.attachments("1", null)).rejects.toBeInstanceOf(NetworkError);
  });
});

describe("the place of a Forge frame", () => {
  test.each(Object.entries(SCREEN_OF_MODULE))("module %s shows the screen %s", async (moduleKey, screen) => {
    answers["getContext"] = { ...CONTEXT, moduleKey };
    expect(await (await realHost()).context()).toEqual({
      screen, guest: false, contentId: "98311", spaceKey: "DS", locale: "de-DE", timeZone: "Europe/Berlin",
      tab: moduleKey === "space-permissions" ? "permissions" : null, parameters: {},
    });
  });

  test("a macro that is being configured shows its settings, and stores what was chosen", async () => {
    const extension = { config: { scope: "space" }, macro: { isConfiguring: true, isInserting: false } };
    answers["getContext"] = { ...CONTEXT, moduleKey: "locked-files", extension };
    const host = await realHost();
    expect(await host.context()).toMatchObject({ screen: "macro-settings", parameters: { scope: "space" } });
    await host.keepParameters({ scope: "mine" });
    expect(calls.at(-1)).toEqual({ command: "submit", payload: { config: { scope: "mine" } } });
    answers["submit"] = false;
    await expect(host.keepParameters({ scope: "mine" })).rejects.toThrow();
    answers["getContext"] = { ...CONTEXT, moduleKey: "locked-files", extension: { macro: { isConfiguring: false } } };
    expect(await host.context()).toMatchObject({ screen: "macro" });
  });

  test("what the author of a macro chose comes as texts", async () => {
    const config = { scope: "space", rows: 20, open: true, empty: "", none: null, odd: { a: 1 } };
    answers["getContext"] = { ...CONTEXT, extension: { config } };
    expect((await (await realHost()).context()).parameters).toEqual({ scope: "space", rows: "20", open: "true" });
  });

  test("a place without a page has no id", async () => {
    answers["getContext"] = { ...CONTEXT, extension: {} };
    expect(await (await realHost()).context()).toMatchObject({ contentId: null, spaceKey: null });
  });

  test("a module without a screen is an error", async () => {
    answers["getContext"] = { ...CONTEXT, moduleKey: "new" };
    await expect((await realHost()).context()).rejects.toThrow(/module new/);
  });
});

test("theme, tabs, closing and the ready event are the bridge's", async () => {
  answers = { getContext: CONTEXT, close: true };
  const host = await realHost();
  host.followTheme();
  host.open("https://acme.example/a");
  host.close();
  host.ready();
  await vi.waitFor(() => expect(calls.map(({ command }) => command)).toContain("emitReadyEvent"));
  expect(calls).toContainEqual({ command: "navigate", payload: { url: "https://acme.example/a", type: "new-tab" } });
  expect(calls.map(({ command }) => command)).toEqual(expect.arrayContaining(["enableTheming", "close", "emit"]));
});

describe("a new version on Forge", () => {
  const target = { contentId: "98311", attachmentId: "7", title: "plan.docx" };
  const sent = new File(["new"], "plan v2.docx", { type: "text/plain" });

  test("goes through the real bridge as the form that it packs, under the attachment's name", async () => {
    answers["fetchProduct"] = { body: "{}", headers: {}, status: 200, statusText: "OK" };
    await (await realHost()).upload(target, sent);
    const { command, payload } = calls[0] as unknown as { command: string; payload: Record<string, unknown> & { fetchRequestInit: { method: string; body: string } } };
    expect([command, payload["restPath"], payload["isMultipartFormData"], payload.fetchRequestInit.method]).toEqual([
      "fetchProduct", "/wiki/rest/api/content/98311/child/attachment/7/data", true, "POST",
    ]);
    expect(JSON.parse(payload.fetchRequestInit.body)).toMatchObject({ file: expect.stringMatching(/base64,bmV3$/), __fileName: "plan.docx", minorEdit: "false" });
  });

  test.each([[{ body: "", headers: {}, status: 413, statusText: "Too large" }, 413], [new Error("down"), null]])("a refusal has its status", async (answer, status) => {
    answers["fetchProduct"] = answer;
    await expect((await realHost()).upload(target, sent)).rejects.toMatchObject({ status });
  });
});

test("pages of our server have an address once it has named itself in an answer", async () => {
  answers["invoke"] = answered(200, {});
  const host = await realHost();
  await host.fetch("/api/v1/me", {});
  expect(host.publicPage("/privacy")).toBeNull();
  answers["invoke"] = answered(200, {}, { "lockpoint-server": ["https://lockpoint.example.com"] });
  await host.fetch("/api/v1/me", {});
  expect(host.publicPage("/privacy")).toBe("https://lockpoint.example.com/privacy");
});

test("the settings of the site are where the platform says that they are, or nowhere", async () => {
  answers["getUrl"] = "https://acme.example/wiki/admin/forge/lockpoint";
  expect(await (await realHost()).settingsPage()).toBe("https://acme.example/wiki/admin/forge/lockpoint");
  expect(calls[0]).toEqual({ command: "getUrl", payload: { target: "module", moduleKey: "admin" } });
  answers["getUrl"] = new Error("unknown module");
  expect(await (await realHost()).settingsPage()).toBeNull();
});
