/** Lockpoint, as a screen. */
import { render } from "preact";
import "../styles/app.css";
import { clientOf } from "../api";
import type { Host, HostContext } from "../host";
import { voiceFor } from "../voice";
import { PANELS } from "./panels";

export function showSpace(host: Host, context: HostContext, root: HTMLElement): void {
  const voice = voiceFor(context);
  const { t } = voice;
  document.title = t("space.title");
  const place = { client: clientOf(host), host, context, voice };
  render(
    <main class="page"><h1>{t("space.title")}</h1>{PANELS.map(({ key, Content }) => <Content key={key} {...place} />)}</main>,
    root,
  );
}
