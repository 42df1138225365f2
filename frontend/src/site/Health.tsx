/** Health. */
import type { PanelProps } from "../ui/panel";

export function Health({ voice: { t } }: PanelProps) {
  return <h2>{t("site.health.title")}</h2>;
}
