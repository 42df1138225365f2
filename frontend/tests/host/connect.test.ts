import { afterEach, describe, expect, test, vi } from "vitest";
import { languageTag, UploadFailure } from "../../src/host";
import { connectHost, currentHost, TOKEN_REUSE_MS, type ConnectFrame } from "../../src/host/connect";
import { THEME_KEY } from "../../src/theme";

const FRAME: ConnectFrame = { screen: "page", guest: false, query: "?pageId=98311&spaceKey=DS&xdm_e=x", appKey: "lockpoint" };

function bridge() {
  let count = 0;
  return {
    context: { getToken: vi.fn(async () => Promise.resolve(`t${(count += 1)}`)) },
    user: {
      getLocale: vi.fn((callback: (locale: string) => void) => callback("pt_BR")),
      getTimeZone: vi.fn((callback: (zone: string) => void) => callback("Europe/Paris")),
    },
    theming: { initializeTheming: vi.fn() },
    dialog: { close: vi.fn() },
    request: vi.fn(async (_: unknown): Promise<unknown> => Promise.resolve({ body: "{}" })),
  };
}

/** Answers requests in turn, then with 200, and records their tokens. */
function server(...statuses: readonly number[]) {
  const left = [...statuses];
  const asked: { readonly url: string; readonly token: string | null; readonly init: RequestInit }[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    asked.push({ url, token: new Headers(init.headers).get("Authorization"), init });
    return Promise.resolve(Response.json({}, { status: left.shift() ?? 200 }));
  });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

describe("the API on Connect", () => {
  test("is asked on our own origin, with the token beside the caller's headers, past every cache", async () => {
    const asked = server();
    const answer = await connectHost(bridge(), FRAME).fetch("/api/v1/me", { method: "PUT", headers: { "If-None-Match": "t" } });
    expect(answer.status).toBe(200);
    expect(asked[0]).toMatchObject({ url: "/api/v1/me", token: "JWT t1", init: { method: "PUT", cache: "no-store" } });
    expect(new Headers(asked[0]?.init.headers).get("If-None-Match")).toBe("t");
  });

  test("a token is used again for a minute, and not longer", async () => {
    const asked = server();
    let clock = 0;
    const host = connectHost(bridge(), FRAME, () => clock);
    for (const at of [0, TOKEN_REUSE_MS - 1, TOKEN_REUSE_MS]) {
      clock = at;
      await host.fetch("/api/v1/me", {});
    }
    expect(asked.map(({ token }) => token)).toEqual(["JWT t1", "JWT t1", "JWT t2"]);
  });

  test("is asked once more with a fresh token when one is refused, and the fresh one is kept", async () => {
    const asked = server(401);
    const host = connectHost(bridge(), FRAME, () => 0);
    expect((await host.fetch("/api/v1/me", {})).status).toBe(200);
    await host.fetch("/api/v1/me", {});
    expect(asked.map(({ token }) => token)).toEqual(["JWT t1", "JWT t2", "JWT t2"]);
  });

  test("a second refusal is the answer", async () => {
    const asked = server(401, 401);
    expect((await connectHost(bridge(), FRAME).fetch("/api/v1/me", {})).status).toBe(401);
    expect(asked).toHaveLength(2);
  });

  test("a failed request for a token is not cached", async () => {
    const asked = server();
    const product = bridge();
    product.context.getToken.mockRejectedValueOnce(new Error("closed"));
    const host = connectHost(product, FRAME);
    await expect(host.fetch("/api/v1/me", {})).rejects.toThrow("closed");
    await host.fetch("/api/v1/me", {});
    expect(asked.map(({ token }) => token)).toEqual(["JWT t1"]);
  });
});

describe("the place of a Connect frame", () => {
  test("comes from the address, language and zone from the person's profile", async () => {
    expect(await connectHost(bridge(), FRAME).context()).toEqual({
      screen: "page", guest: false, contentId: "98311", spaceKey: "DS", locale: "pt-BR", timeZone: "Europe/Paris",
      tab: null, parameters: {},
    });
  });

  test("names a tab and what the author of a macro chose", async () => {
    const query = "?tab=permissions&macro.scope=space&macro.owner=&jwt=t&scope=other";
    const context = await connectHost(bridge(), { ...FRAME, query }).context();
    expect(context).toMatchObject({ tab: "permissions", parameters: { scope: "space" } });
    expect(Object.keys(context.parameters)).toEqual(["scope"]);
  });

  test("a guest is not asked about", async () => {
    const product = bridge();
    const context = await connectHost(product, { ...FRAME, guest: true, query: "" }).context();
    expect(context).toMatchObject({ guest: true, contentId: null, spaceKey: null, locale: navigator.language });
    expect(product.user.getLocale).not.toHaveBeenCalled();
    expect(product.user.getTimeZone).not.toHaveBeenCalled();
  });

  test("the page says who is a guest", async () => {
    vi.stubGlobal("AP", bridge());
    document.body.innerHTML = '<div id="app" data-guest></div>';
    expect((await currentHost("page").context()).guest).toBe(true);
    document.body.innerHTML = '<div id="app"></div>';
    expect((await currentHost("page").context()).guest).toBe(false);
  });

  test("without the library there is no host", () => {
    expect(() => currentHost("page")).toThrow(/did not load/);
  });

  test("an invalid language is English", () => {
    expect(["en_GB", "zh-hans-cn", "", "x y"].map(languageTag)).toEqual(["en-GB", "zh-Hans-CN", "en", "en"]);
  });
});

test("the theme is followed and remembered for the next first paint", async () => {
  const product = bridge();
  connectHost(product, FRAME).followTheme();
  expect(product.theming.initializeTheming).toHaveBeenCalledOnce();
  document.documentElement.setAttribute("data-color-mode", "dark");
  await vi.waitFor(() => expect(localStorage.getItem(THEME_KEY)).toBe("dark"));
});

test("pages of our server are on the frame's own address", () => {
  expect(connectHost(bridge(), FRAME).publicPage("/privacy")).toBe(`${location.origin}/privacy`);
});

test("an address opens in a tab that learns nothing of this one; closing is the dialog's", () => {
  const clicked = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => undefined);
  const product = bridge();
  const host = connectHost(product, FRAME);
  host.open("https://acme.example/a");
  const link = clicked.mock.contexts[0] as HTMLAnchorElement;
  expect([link.href, link.target, link.rel]).toEqual(["https://acme.example/a", "_blank", "noopener noreferrer"]);
  host.close();
  expect(product.dialog.close).toHaveBeenCalledOnce();
});

describe("a new version on Connect", () => {
  const target = { contentId: "98311", attachmentId: "7", title: "plan.docx" };
  const sent = new File(["new"], "plan v2.docx", { type: "text/plain" });

  test("goes to Confluence as a file under the attachment's name", async () => {
    const product = bridge();
    await connectHost(product, FRAME).upload(target, sent);
    const [asked] = product.request.mock.calls[0] as [{ readonly url: string; readonly data: { readonly file: File } }];
    expect(asked).toMatchObject({
      url: "/rest/api/content/98311/child/attachment/7/data", type: "POST", contentType: "multipart/form-data",
      headers: { "X-Atlassian-Token": "no-check" }, data: { minorEdit: "false" },
    });
    expect([asked.data.file.name, asked.data.file.type, await asked.data.file.text()]).toEqual(["plan.docx", "text/plain", "new"]);
  });

  test.each([
    ['{"xhr":{"status":413}}', 413],
    [{ xhr: { status: 403 } }, 403],
    ['{"xhr":{"status":0}}', null],
    ["not JSON", null],
    [new Error("gone"), null],
    [undefined, null],
  ])("a refusal %j has the status %s", async (refusal, status) => {
    const product = bridge();
    product.request.mockRejectedValueOnce(refusal);
    const failed = await connectHost(product, FRAME).upload(target, sent).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(UploadFailure);
    expect((failed as UploadFailure).status).toBe(status);
  });
});

test.each([
  ["https%3A%2F%2Facme.example", "lockpoint", "https://acme.example/wiki/plugins/servlet/ac/lockpoint/lockpoint-admin"],
  ["javascript%3Aalert(1)", "lockpoint", null],
  ["x", "lockpoint", null],
  ["https%3A%2F%2Facme.example", null, null],
])("the settings of the site are where Confluence says that it is (%s, %s)", async (site, appKey, address) => {
  const frame = { ...FRAME, query: `?xdm_e=${site}&cp=%2Fwiki`, appKey };
  expect(await connectHost(bridge(), frame).settingsPage()).toBe(address);
});
