/** Lockpoint in a space: its tabs. */
import { Tabs } from "../ui/Tabs";
import type { PanelProps } from "../ui/panel";
import { PANELS } from "./panels";

export function Space(place: PanelProps) {
  const { t } = place.voice;
  return (
    <main class="page place">
      <header class="top"><h1>{t("space.title")}</h1></header>
      <Tabs panels={PANELS} label={t("space.tabs")} place={place} />
    </main>
  );
}
