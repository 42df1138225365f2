/** My locks: its tabs. Somebody without an account is told what is possible; the API, which answers no guest, is not asked. */
import "../styles/lists.css";
import { Blank } from "../ui/States";
import { Tabs } from "../ui/Tabs";
import type { PanelProps } from "../ui/panel";
import { PANELS } from "./panels";

export function MyLocks(place: PanelProps) {
  const { t } = place.voice;
  return (
    <main class="page place">
      <header class="top"><h1>{t("myLocks.title")}</h1></header>
      {place.context.guest
        ? <Blank title={t("myLocks.guest.title")} hint={t("myLocks.guest.hint")} />
        : <Tabs panels={PANELS} label={t("myLocks.tabs")} place={place} />}
    </main>
  );
}
