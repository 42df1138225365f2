/** The tabs of this screen, in order. */
import { LockList } from "../lists/LockList";
import type { Panel, PanelProps } from "../ui/panel";
import { MyDataPanel } from "./MyDataPanel";
import { PreferencesPanel } from "./PreferencesPanel";

function Locks(place: PanelProps) {
  const { t } = place.voice;
  return <LockList place={place} scope="mine" empty={{ title: t("myLocks.locks.empty.title"), hint: t("myLocks.locks.empty.hint") }} />;
}

function Waiting(place: PanelProps) {
  const { t } = place.voice;
  return (
    <>
      <p class="subtle panel-hint">{t("myLocks.waiting.hint")}</p>
      <LockList place={place} scope="waiting" empty={{ title: t("myLocks.waiting.empty.title"), hint: t("myLocks.waiting.empty.hint") }} />
    </>
  );
}

export const PANELS: readonly Panel[] = [
  { key: "locks", title: "myLocks.locks.title", Content: Locks },
  { key: "waiting", title: "myLocks.waiting.title", Content: Waiting },
  { key: "preferences", title: "myLocks.preferences.title", Content: PreferencesPanel },
  { key: "data", title: "myLocks.data.title", Content: MyDataPanel },
];
