/** Lockpoint settings, as a screen. */
import { render } from "preact";
import "../styles/app.css";
import { clientOf } from "../api";
import type { Host, HostContext } from "../host";
import { voiceFor } from "../voice";
import { PANELS } from "./panels";

export function showSite(host: Host, context: HostContext, root: HTMLElement): void {
  const voice = voiceFor(context);
  const { t } = voice;
  document.title = t("site.title");
  const place = { client: clientOf(host), host, context, voice };
  render(
    <main class="page"><h1>{t("site.title")}</h1>{PANELS.map(({ key, Content }) => <Content key={key} {...place} />)}</main>,
    root,
  );
}
