/** My locks, as a screen. */
import { render } from "preact";
import "../styles/app.css";
import type { Host, HostContext } from "../host";
import { voiceFor } from "../voice";

export function showMyLocks(_host: Host, context: HostContext, root: HTMLElement): void {
  const { t } = voiceFor(context);
  document.title = t("myLocks.title");
  render(<main class="page"><h1>{t("myLocks.title")}</h1></main>, root);
}
