import { describe, expect, test, vi } from "vitest";
import { connectHost, languageTag, THEME_KEY, TOKEN_REUSE_MS } from "../src/host";

function bridge() {
  let count = 0;
  return {
    context: { getToken: vi.fn(async () => Promise.resolve(`t${(count += 1)}`)) },
    user: {
      getLocale: (callback: (locale: string) => void) => callback("pt_BR"),
      getTimeZone: (callback: (zone: string) => void) => callback("Europe/Paris"),
    },
    theming: { initializeTheming: vi.fn() },
    dialog: { close: vi.fn() },
  };
}

describe("the host", () => {
  test("a token is used again for a minute, and not longer", async () => {
    let clock = 0;
    const host = connectHost(bridge(), () => clock);
    expect(await host.token()).toBe("t1");
    clock = TOKEN_REUSE_MS - 1;
    expect(await host.token()).toBe("t1");
    clock = TOKEN_REUSE_MS;
    expect(await host.token()).toBe("t2");
  });

  test("a fresh token is available at once", async () => {
    const host = connectHost(bridge(), () => 0);
    await host.token();
    expect(await host.token(true)).toBe("t2");
    expect(await host.token()).toBe("t2");
  });

  test("a failed request for a token is not cached", async () => {
    const product = bridge();
    product.context.getToken.mockRejectedValueOnce(new Error("closed"));
    const host = connectHost(product, () => 0);
    await expect(host.token()).rejects.toThrow("closed");
    expect(await host.token()).toBe("t1");
  });

  test("language and zone come from the person's profile", async () => {
    const host = connectHost(bridge());
    expect([await host.locale(), await host.timeZone()]).toEqual(["pt-BR", "Europe/Paris"]);
  });

  test("an invalid language is English", () => {
    expect(["en_GB", "zh-hans-cn", "", "x y"].map(languageTag)).toEqual(["en-GB", "zh-Hans-CN", "en", "en"]);
  });

  test("the theme is followed and remembered for the next first paint", async () => {
    const product = bridge();
    connectHost(product).followTheme();
    expect(product.theming.initializeTheming).toHaveBeenCalledOnce();
    document.documentElement.setAttribute("data-color-mode", "dark");
    await vi.waitFor(() => expect(localStorage.getItem(THEME_KEY)).toBe("dark"));
  });
});
