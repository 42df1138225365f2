/** The locked attachments of a space. */
import { LockList } from "../lists/LockList";
import type { PanelProps } from "../ui/panel";

export function LockedFiles(place: PanelProps) {
  const { t } = place.voice;
  const empty = { title: t("lists.empty.space.title"), hint: t("lists.empty.space.hint") };
  return <LockList place={place} scope={{ spaceKey: place.context.spaceKey ?? "" }} empty={empty} />;
}
