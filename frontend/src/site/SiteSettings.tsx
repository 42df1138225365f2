/** General. */
import type { PanelProps } from "../ui/panel";

export function SiteSettings({ voice: { t } }: PanelProps) {
  return <h2>{t("site.general.title")}</h2>;
}
