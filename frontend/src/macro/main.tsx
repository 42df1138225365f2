/** Locked attachments, as a screen. */
import { render } from "preact";
import "../styles/app.css";
import type { Host, HostContext } from "../host";
import { voiceFor } from "../voice";

export function showMacro(_host: Host, context: HostContext, root: HTMLElement): void {
  const { t } = voiceFor(context);
  document.title = t("macro.title");
  render(<main class="page"><h1>{t("macro.title")}</h1></main>, root);
}
