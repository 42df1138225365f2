/** Locked attachments. */
import type { PanelProps } from "../ui/panel";

export function SiteLocks({ voice: { t } }: PanelProps) {
  return <h2>{t("site.locks.title")}</h2>;
}
