/** Lockpoint, as a screen. */
import { render } from "preact";
import "../styles/app.css";
import type { Host, HostContext } from "../host";
import { voiceFor } from "../voice";

export function showSpace(_host: Host, context: HostContext, root: HTMLElement): void {
  const { t } = voiceFor(context);
  document.title = t("space.title");
  render(<main class="page"><h1>{t("space.title")}</h1></main>, root);
}
