import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Host, HostContext } from "../src/host";
import { translator } from "../src/messages";
import "../src/messages/parts/page";
import { start, type Screen } from "../src/start";

const CONTEXT: HostContext = {
  screen: "page", guest: false, contentId: "1", spaceKey: null, tab: null, parameters: {}, locale: "en-GB", timeZone: "Etc/UTC",
};

function host(context: Partial<HostContext> = {}) {
  return {
    context: async () => Promise.resolve({ ...CONTEXT, ...context }),
    fetch: vi.fn<Host["fetch"]>(),
    followTheme: vi.fn(),
    upload: vi.fn<Host["upload"]>(),
    publicPage: () => null,
    settingsPage: async () => Promise.resolve(null),
    open: vi.fn<Host["open"]>(),
    close: vi.fn(),
    keepParameters: vi.fn<Host["keepParameters"]>(),
    ready: vi.fn(),
  };
}

beforeEach(() => {
  document.body.innerHTML = '<div id="app">Loading</div>';
});

describe("a start", () => {
  test("shows the screen that the host asks for, in the viewer's language and theme", async () => {
    const product = host();
    const show = vi.fn();
    await start(product, { page: () => show });
    expect(show).toHaveBeenCalledWith(product, CONTEXT, document.getElementById("app"));
    expect(document.getElementById("app")?.textContent).toBe("");
    expect(document.documentElement.lang).toBe("en-GB");
    expect(product.followTheme).toHaveBeenCalledOnce();
  });

  test("waits for the viewer's language, in the form of their region", async () => {
    let title = "";
    await start(host({ locale: "de-AT" }), { page: () => (_, context) => { title = translator(context.locale)("page.title"); } });
    expect(title).toBe("Dateisperren");
    expect(document.documentElement.lang).toBe("de-AT");
  });

  test("says that it speaks English to whom it has no texts for", async () => {
    await start(host({ locale: "fi-FI" }), { page: () => vi.fn<Screen>() });
    expect(document.documentElement.lang).toBe("en-FI");
  });

  test("fails where nothing shows the screen, and where the page has no place for it", async () => {
    await expect(start(host(), {})).rejects.toThrow(/no screen page/);
    document.body.innerHTML = "";
    await expect(start(host(), { page: () => vi.fn<Screen>() })).rejects.toThrow(/no element/);
  });
});

describe("a click", () => {
  async function clicked(type: string, init: MouseEventInit, selector: string) {
    const product = host();
    await start(product, {
      page: () => (_, __, root) => {
        root.innerHTML = '<a href="https://acme.example/f"><b>file</b></a><button>no link</button>';
      },
    });
    const event = new MouseEvent(type, { bubbles: true, cancelable: true, ...init });
    document.querySelector(selector)?.dispatchEvent(event);
    return { opened: product.open.mock.calls, prevented: event.defaultPrevented };
  }

  test.each([["click", 0, "a"], ["click", 0, "b"], ["auxclick", 1, "a"]])("%s with button %i on %s opens the link", async (type, button, at) => {
    expect(await clicked(type, { button }, at)).toEqual({ opened: [["https://acme.example/f"]], prevented: true });
  });

  test.each([["click", 0, "button"], ["auxclick", 2, "a"]])("%s with button %i on %s is left alone", async (type, button, at) => {
    expect(await clicked(type, { button }, at)).toEqual({ opened: [], prevented: false });
  });
});
