/** The macro "Locked attachments", as a screen in a page's text. */
import { render } from "preact";
import "../messages/parts/locks";
import "../messages/parts/macro";
import "../styles/app.css";
import "../styles/macro.css";
import "../styles/notices.css";
import { clientOf, noticesApi } from "../api";
import type { Host, HostContext } from "../host";
import { NoticeStore, tabMemory } from "../notices/store";
import { voiceFor } from "../voice";
import { GuestMacro, Macro } from "./Macro";

export function showMacro(host: Host, context: HostContext, root: HTMLElement): void {
  const voice = voiceFor(context);
  document.title = voice.t("macro.title");
  if (context.guest) {
    // Told what is possible; the API, which answers no guest, is not asked.
    render(<GuestMacro voice={voice} />, root);
    host.ready();
    return;
  }
  const client = clientOf(host);
  const notices = new NoticeStore(noticesApi(client), tabMemory());
  render(<Macro host={host} client={client} context={context} voice={voice} notices={notices} />, root);
}
