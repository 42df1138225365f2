/** Timeouts and protection. */
import type { PanelProps } from "../ui/panel";

export function Protection({ voice: { t } }: PanelProps) {
  return <h2>{t("space.protection.title")}</h2>;
}
