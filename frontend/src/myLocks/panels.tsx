/** The tabs of this screen, in order; what is not about locks loads when it is first opened. */
import { LockList } from "../lists/LockList";
import { lazy } from "../ui/lazy";
import type { Panel, PanelProps } from "../ui/panel";

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
  { key: "preferences", title: "myLocks.preferences.title", Content: lazy(async () => (await import("./PreferencesPanel")).PreferencesPanel) },
  { key: "data", title: "myLocks.data.title", Content: lazy(async () => (await import("./MyDataPanel")).MyDataPanel) },
];
