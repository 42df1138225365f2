/** The product around our frame. `host/connect.ts` and `host/forge.ts` implement it; screens know neither. */

export type ScreenName = "page" | "macro" | "macro-settings" | "my-locks" | "space" | "admin" | "get-started";

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

/** The attachment that gets a new version. */
export interface UploadTarget {
  readonly contentId: string;
  readonly attachmentId: string;
  readonly title: string;
}

/** An upload that Confluence refused with a status, or did not answer: then the file may have arrived or not. */
export class UploadFailure extends Error {
  constructor(readonly status: number | null, options?: ErrorOptions) {
    super(status === null ? "Confluence did not answer." : `Confluence answered ${String(status)}.`, options);
  }
}

export interface Host {
  context(): Promise<HostContext>;
  /** Like the browser's `fetch` for `/api/v1/…`, as the viewer. Rejects with a TypeError when no answer arrived. */
  fetch(path: string, init: RequestInit): Promise<Response>;
  /**
   * Send a new version of an attachment to Confluence, as the viewer and past our server. Throws UploadFailure.
   * Neither bridge tells how much has been sent.
   */
  upload(target: UploadTarget, file: File): Promise<void>;
  /** Follow the product's light or dark theme. */
  followTheme(): void;
  /** Return the address of a page of our server that everybody may read; null while the frame does not know its server. */
  publicPage(path: `/${string}`): string | null;
  /** Return the address of the app's settings of the site; null where the product does not tell. Never rejects. */
  settingsPage(): Promise<string | null>;
  /** Open an address in a new tab; one that answers with a file starts a download. */
  open(url: string): void;
  /** Close the dialog that this frame fills. */
  close(): void;
  /** Store what the author of a macro chose, and close the dialog of its settings. Rejects when nothing was stored. */
  keepParameters(parameters: Readonly<Record<string, string>>): Promise<void>;
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

/** Where Confluence takes new versions, below the address of its REST API. */
export function dataPath({ contentId, attachmentId }: UploadTarget): string {
  return `/rest/api/content/${encodeURIComponent(contentId)}/child/attachment/${encodeURIComponent(attachmentId)}/data`;
}

/** Return the file under the attachment's name, because Confluence renames the attachment to what is sent. */
export function named(file: File, { title }: UploadTarget): File {
  return new File([file], title, { type: file.type });
}
