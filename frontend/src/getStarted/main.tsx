/** Get started with Lockpoint, as a screen. */
import { render } from "preact";
import "../styles/app.css";
import type { Host, HostContext } from "../host";
import { showNotices } from "../notices/main";
import { voiceFor } from "../voice";

export function showGetStarted(host: Host, context: HostContext, root: HTMLElement): void {
  const { t } = voiceFor(context);
  document.title = t("getStarted.title");
  render(<main class="page"><h1>{t("getStarted.title")}</h1></main>, root);
  showNotices(host, context);
}
