/** The product around our frame. `host/connect.ts` and `host/forge.ts` implement it; screens know neither. */

export type ScreenName = "page" | "macro" | "my-locks" | "space" | "admin" | "get-started";

/** What the product knows about the place that our frame is in, and its viewer. Ids are null where there is none. */
export interface HostContext {
  readonly screen: ScreenName;
  /** Whether the viewer has no account, or is not logged in. */
  readonly guest: boolean;
  readonly contentId: string | null;
  readonly spaceKey: string | null;
  /** The part of the screen to open first, where the product says so. */
  readonly tab: string | null;
  /** What the author of a macro chose, by name. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The viewer's language as a BCP 47 tag. */
  readonly locale: string;
  /** The viewer's IANA time zone. */
  readonly timeZone: string;
}

export interface Host {
  context(): Promise<HostContext>;
  /** Like the browser's `fetch` for `/api/v1/…`, as the viewer. Rejects with a TypeError when no answer arrived. */
  fetch(path: string, init: RequestInit): Promise<Response>;
  /** Follow the product's light or dark theme. */
  followTheme(): void;
  /** Open an address in a new tab; one that answers with a file starts a download. */
  open(url: string): void;
  /** Close the dialog that this frame fills. */
  close(): void;
  /** Tell the product that the screen's content is complete, so that an export may take it. */
  ready(): void;
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
