/**
 * The product around our frame. No other file knows Atlassian Connect's `AP`, so a front end for Forge replaces
 * this file alone.
 */

export interface Host {
  /** Return a context token for `/api/v1`; `fresh` asks the product for a new one. */
  token(fresh?: boolean): Promise<string>;
  /** The viewer's language as a BCP 47 tag. */
  locale(): Promise<string>;
  /** The viewer's IANA time zone. */
  timeZone(): Promise<string>;
  /** Follow the product's light or dark theme. */
  followTheme(): void;
  /** Close the dialog that this frame fills. */
  closeDialog(): void;
}

/** The part of `AP` used here; it exists in the production library and in the published package. */
interface Bridge {
  readonly context: { getToken(): Promise<string> };
  readonly user: {
    getLocale(callback: (locale: string) => void): void;
    getTimeZone(callback: (zone: string) => void): void;
  };
  readonly theming: { initializeTheming(): void };
  readonly dialog: { close(): void };
}

/** A token is valid for about 15 minutes. One request a minute is cheap, and no token is near its end. */
export const TOKEN_REUSE_MS = 60_000;

/** Where the last colour mode is stored; `prepaint.ts` reads it before the first paint. */
export const THEME_KEY = "lockpoint.colorMode";

function rememberTheme(): void {
  const root = document.documentElement;
  const note = (): void => {
    const mode = root.dataset["colorMode"];
    if (mode === undefined) return;
    try {
      localStorage.setItem(THEME_KEY, mode);
    } catch {
      // Some browsers close storage to third-party frames; then the first paint is light.
    }
  };
  new MutationObserver(note).observe(root, { attributes: true, attributeFilter: ["data-color-mode"] });
}

/** Return a BCP 47 tag: Confluence sends `en_GB`, `Intl` takes `en-GB`. */
export function languageTag(locale: string): string {
  const tag = locale.replaceAll("_", "-");
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? "en";
  } catch {
    return "en";
  }
}

/** Return the `Host` on Connect; `now` is a monotonic clock in milliseconds. */
export function connectHost(bridge: Bridge, now: () => number = () => performance.now()): Host {
  let cached: { readonly token: Promise<string>; readonly at: number } | null = null;
  return {
    token(fresh = false) {
      if (!fresh && cached !== null && now() - cached.at < TOKEN_REUSE_MS) return cached.token;
      const token = bridge.context.getToken();
      cached = { token, at: now() };
      token.catch(() => {
        cached = null;
      });
      return token;
    },
    locale: () => new Promise((resolve) => bridge.user.getLocale((locale) => resolve(languageTag(locale)))),
    timeZone: () => new Promise((resolve) => bridge.user.getTimeZone(resolve)),
    followTheme() {
      rememberTheme();
      bridge.theming.initializeTheming();
    },
    closeDialog: () => bridge.dialog.close(),
  };
}

/** Return the host of this page. Throws when the Connect library did not load. */
export function currentHost(): Host {
  const bridge = (globalThis as { AP?: Bridge }).AP;
  if (bridge === undefined) throw new Error("The library of Atlassian Connect did not load.");
  return connectHost(bridge);
}
