/** Lockpoint settings: the tabs for site admins. */
import { Tabs } from "../ui/Tabs";
import type { PanelProps } from "../ui/panel";
import { PANELS } from "./panels";

export function Site(place: PanelProps) {
  const { t } = place.voice;
  return (
    <main class="page place">
      <header class="top"><h1>{t("site.title")}</h1></header>
      <Tabs panels={PANELS} label={t("site.tabs")} place={place} />
    </main>
  );
}
