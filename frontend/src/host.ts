/**
 * The product around our frame. This is the only file that knows Atlassian Connect's `AP`:
 * another front (Forge) replaces this file and nothing else.
 */

export interface Host {
  /** A context token for `/api/v1`; `fresh` asks the product again even when one is at hand. */
  token(fresh?: boolean): Promise<string>;
  /** The viewer's language as a BCP 47 tag. */
  locale(): Promise<string>;
  /** The viewer's IANA time zone. */
  timeZone(): Promise<string>;
  /** Follows the product's light or dark theme from now on. */
  followTheme(): void;
  /** Closes the dialog that this frame fills. */
  closeDialog(): void;
}

/** The part of `AP` used here. All of it exists in the production library and in the published package. */
interface Bridge {
  readonly context: { getToken(): Promise<string> };
  readonly user: {
    getLocale(callback: (locale: string) => void): void;
    getTimeZone(callback: (zone: string) => void): void;
  };
  readonly theming: { initializeTheming(): void };
  readonly dialog: { close(): void };
}

/** A token lives about 15 minutes; asking at most once a minute keeps requests cheap and tokens young. */
export const TOKEN_REUSE_MS = 60_000;

/** Remembered mode, read before the first paint by `prepaint.ts`. */
export const THEME_KEY = "lockpoint.colorMode";

function rememberTheme(): void {
  const root = document.documentElement;
  const note = (): void => {
    const mode = root.dataset["colorMode"];
    if (mode === undefined) return;
    try {
      localStorage.setItem(THEME_KEY, mode);
    } catch {
      // Storage is closed to third-party frames in some browsers; then the first paint is light.
    }
  };
  new MutationObserver(note).observe(root, { attributes: true, attributeFilter: ["data-color-mode"] });
}

/** Confluence says `en_GB`; `Intl` wants `en-GB`. */
export function languageTag(locale: string): string {
  const tag = locale.replaceAll("_", "-");
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? "en";
  } catch {
    return "en";
  }
}

/** The Connect implementation of `Host`. `now` is milliseconds of a clock that never runs backwards. */
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

/** The host of this page. Throws when the Connect library did not load. */
export function currentHost(): Host {
  const bridge = (globalThis as { AP?: Bridge }).AP;
  if (bridge === undefined) throw new Error("The library of Atlassian Connect did not load.");
  return connectHost(bridge);
}
