/** The locked attachments of the whole site. */
import { LockList } from "../lists/LockList";
import type { PanelProps } from "../ui/panel";

export function SiteLocks(place: PanelProps) {
  const { t } = place.voice;
  return <LockList place={place} scope="site" empty={{ title: t("lists.empty.site.title"), hint: t("lists.empty.site.hint") }} />;
}
