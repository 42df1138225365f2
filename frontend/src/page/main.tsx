/** The page dialog as a screen: what it shows, and where its data come from. */
import { render } from "preact";
import "../messages/parts/locks";
import "../messages/parts/page";
import "../styles/app.css";
import { clientOf, locksApi, type Attachment } from "../api";
import type { Host, HostContext } from "../host";
import { showNotices } from "../notices/main";
import { autoRefresh } from "./autoRefresh";
import { GuestDialog } from "./GuestDialog";
import { PageDialog } from "./PageDialog";
import { ManyFiles } from "./many";
import { PageStore } from "./store";
import { Uploads } from "./uploads";
import { voiceFor } from "../voice";

const now = (): number => performance.now();
const wait = async (seconds: number): Promise<void> => new Promise((resolve) => {
  setTimeout(resolve, seconds * 1_000);
});

/** What the dialog's own list shows of its files, with the reason. */
const TOLD_BY_THE_LIST = ["lock_ended", "lock_ended_by_other", "file_available"] as const;

export function showPage(host: Host, context: HostContext, root: HTMLElement): void {
  const { guest, contentId } = context;
  const voice = voiceFor(context);
  document.title = voice.t("page.title");
  const onClose = (): void => host.close();
  if (guest) {
    // Told what is possible; the API, which answers no guest, is not asked.
    render(<GuestDialog t={voice.t} onClose={onClose} />, root);
    return;
  }
  const api = locksApi(clientOf(host));
  const store = new PageStore(api, contentId ?? "", now);
  const many = new ManyFiles(store, api, { wait, newId: () => crypto.randomUUID() });
  const uploads = new Uploads(store, { host, api, contentId: contentId ?? "", now });
  const download = ({ links }: Attachment): void => {
    if (links !== null) host.open(links.download);
  };
  render(<PageDialog {...{ store, many, uploads, voice, now, onClose, download }} />, root);
  autoRefresh(store, document, now);
  showNotices(host, context, TOLD_BY_THE_LIST);
}
