/** Audit. */
import type { PanelProps } from "../ui/panel";

export function Audit({ voice: { t } }: PanelProps) {
  return <h2>{t("site.audit.title")}</h2>;
}
