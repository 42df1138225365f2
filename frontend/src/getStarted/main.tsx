/** Get started with Lockpoint, as a screen. */
import { render } from "preact";
import "../messages/parts/getStarted";
import "../messages/parts/health";
import "../messages/parts/mails";
import "../styles/app.css";
import "../styles/settings.css";
import "../styles/site.css";
import { clientOf } from "../api";
import type { Host, HostContext } from "../host";
import { showNotices } from "../notices/main";
import { voiceFor } from "../voice";
import { GetStarted } from "./GetStarted";

export function showGetStarted(host: Host, context: HostContext, root: HTMLElement): void {
  const voice = voiceFor(context);
  document.title = voice.t("getStarted.title");
  render(<GetStarted client={clientOf(host)} host={host} context={context} voice={voice} />, root);
  showNotices(host, context);
}
