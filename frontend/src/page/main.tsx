/** Entry of the page dialog. The page's id comes from the signed URL that Confluence opened. */
import { render } from "preact";
import "../styles/app.css";
import { createApi, type Attachment } from "../api";
import { formatsFor } from "../formats";
import { currentHost, type Host } from "../host";
import { shownLanguage, translator } from "../messages";
import { autoRefresh } from "./autoRefresh";
import { GuestDialog } from "./GuestDialog";
import { PageDialog } from "./PageDialog";
import { PageStore } from "./store";
import type { Voice } from "./words";

const now = (): number => performance.now();

function startDownload({ links }: Pick<Attachment, "links">): void {
  if (links === null) return;
  const link = document.createElement("a");
  link.href = links.download;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.click();
}

/** Tell a guest what is possible, and ask neither the product nor the API about them. */
function welcomeGuest(host: Host, root: HTMLElement): void {
  const { language } = navigator;
  document.documentElement.lang = shownLanguage(language);
  const t = translator(language);
  document.title = t("page.title");
  render(<GuestDialog t={t} onClose={() => host.closeDialog()} />, root);
}

async function start(): Promise<void> {
  const host = currentHost();
  host.followTheme();
  const root = document.getElementById("app");
  if (root === null) throw new Error("The page has no element for the screen.");
  if (root.dataset["guest"] !== undefined) {
    welcomeGuest(host, root);
    return;
  }
  const [locale, timeZone] = await Promise.all([host.locale(), host.timeZone()]);
  document.documentElement.lang = shownLanguage(locale);
  const voice: Voice = { t: translator(locale), formats: formatsFor(locale, timeZone), locale, me: null };
  document.title = voice.t("page.title");
  const api = createApi({
    token: (fresh) => host.token(fresh),
    fetch: (...request) => fetch(...request),
    newId: () => crypto.randomUUID(),
  });
  const pageId = new URLSearchParams(location.search).get("pageId") ?? "";
  const store = new PageStore(api, pageId, now);
  const close = (): void => host.closeDialog();
  root.replaceChildren();
  render(<PageDialog store={store} voice={voice} now={now} onClose={close} download={startDownload} />, root);
  autoRefresh(store, document, now);
}

void start();
