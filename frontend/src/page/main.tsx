/** The page dialog as a screen: what it shows, and where its data come from. */
import { render } from "preact";
import "../styles/app.css";
import { createApi, type Attachment } from "../api";
import { formatsFor } from "../formats";
import type { Host, HostContext } from "../host";
import { translator } from "../messages";
import { autoRefresh } from "./autoRefresh";
import { GuestDialog } from "./GuestDialog";
import { PageDialog } from "./PageDialog";
import { PageStore } from "./store";
import type { Voice } from "./words";

const now = (): number => performance.now();

export function showPage(host: Host, { guest, contentId, locale, timeZone }: HostContext, root: HTMLElement): void {
  const voice: Voice = { t: translator(locale), formats: formatsFor(locale, timeZone), locale, me: null };
  document.title = voice.t("page.title");
  const onClose = (): void => host.close();
  if (guest) {
    // Told what is possible; the API, which answers no guest, is not asked.
    render(<GuestDialog t={voice.t} onClose={onClose} />, root);
    return;
  }
  const api = createApi({ fetch: (path, init) => host.fetch(path, init), newId: () => crypto.randomUUID() });
  const store = new PageStore(api, contentId ?? "", now);
  const download = ({ links }: Attachment): void => {
    if (links !== null) host.open(links.download);
  };
  render(<PageDialog {...{ store, voice, now, onClose, download }} />, root);
  autoRefresh(store, document, now);
}
