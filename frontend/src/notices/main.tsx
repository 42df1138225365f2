/** Notices on a screen, whichever it is: one line in its `main.tsx`. */
import { render } from "preact";
import "../styles/notices.css";
import { clientOf, noticesApi, type NoticeKind } from "../api";
import type { Host, HostContext } from "../host";
import { followLinks } from "../start";
import { voiceFor } from "../voice";
import { Notices } from "./Notices";
import { NoticeStore, tabMemory } from "./store";

/** Show notices below the screen; `elsewhere` are kinds that the screen itself tells of. A guest gets none. */
export function showNotices(host: Host, context: HostContext, elsewhere: readonly NoticeKind[] = []): void {
  if (context.guest) return;
  const place = document.body.appendChild(document.createElement("div"));
  place.className = "flags-place";
  followLinks(place, host);
  const store = new NoticeStore(noticesApi(clientOf(host)), tabMemory(), new Set(elsewhere));
  render(<Notices store={store} voice={voiceFor(context)} />, place);
}
