/** Permissions. */
import type { PanelProps } from "../ui/panel";

export function Permissions({ voice: { t } }: PanelProps) {
  return <h2>{t("space.permissions.title")}</h2>;
}
