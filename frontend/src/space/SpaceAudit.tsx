/** Audit. */
import type { PanelProps } from "../ui/panel";

export function SpaceAudit({ voice: { t } }: PanelProps) {
  return <h2>{t("space.audit.title")}</h2>;
}
