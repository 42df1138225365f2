/** Lockpoint settings, as a screen. */
import { render } from "preact";
import "../messages/parts/site";
import "../styles/app.css";
import "../styles/settings.css";
import { clientOf } from "../api";
import type { Host, HostContext } from "../host";
import { showNotices } from "../notices/main";
import { voiceFor } from "../voice";
import { Site } from "./Site";

export function showSite(host: Host, context: HostContext, root: HTMLElement): void {
  const voice = voiceFor(context);
  document.title = voice.t("site.title");
  render(<Site client={clientOf(host)} host={host} context={context} voice={voice} />, root);
  showNotices(host, context);
}
