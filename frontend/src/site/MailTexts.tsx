/** Mails. */
import type { PanelProps } from "../ui/panel";

export function MailTexts({ voice: { t } }: PanelProps) {
  return <h2>{t("site.mails.title")}</h2>;
}
