/** Locked attachments. */
import type { PanelProps } from "../ui/panel";

export function LockedFiles({ voice: { t } }: PanelProps) {
  return <h2>{t("space.locks.title")}</h2>;
}
