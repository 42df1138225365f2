/** Lockpoint in a space, as a screen. */
import { render } from "preact";
import "../messages/parts/space";
import "../styles/app.css";
import "../styles/settings.css";
import { clientOf } from "../api";
import type { Host, HostContext } from "../host";
import { showNotices } from "../notices/main";
import { voiceFor } from "../voice";
import { Space } from "./Space";

export function showSpace(host: Host, context: HostContext, root: HTMLElement): void {
  const voice = voiceFor(context);
  document.title = voice.t("space.title");
  render(<Space client={clientOf(host)} host={host} context={context} voice={voice} />, root);
  showNotices(host, context);
}
