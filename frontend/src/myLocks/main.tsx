/** My locks, as a screen. */
import { render } from "preact";
import "../messages/parts/myLocks";
import "../styles/app.css";
import "../styles/settings.css";
import { clientOf } from "../api";
import type { Host, HostContext } from "../host";
import { showNotices } from "../notices/main";
import { voiceFor } from "../voice";
import { MyLocks } from "./MyLocks";

export function showMyLocks(host: Host, context: HostContext, root: HTMLElement): void {
  const voice = voiceFor(context);
  document.title = voice.t("myLocks.title");
  render(<MyLocks client={clientOf(host)} host={host} context={context} voice={voice} />, root);
  showNotices(host, context);
}
