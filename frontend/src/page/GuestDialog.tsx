/** What a person sees who is not logged in: words, and no data. */
import type { Translate } from "../messages";
import { Icon } from "../ui/Icon";

export function GuestDialog({ t, onClose }: { readonly t: Translate; readonly onClose: () => void }) {
  return (
    <main class="page">
      <header class="top">
        <h1 tabIndex={-1}>{t("page.title")}</h1>
        <button type="button" class="button plain icon-only" aria-label={t("page.close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="blank">
        <Icon name="info" />
        <h2>{t("guest.title")}</h2>
        <p>{t("guest.can")}</p>
        <p>{t("guest.cannot")}</p>
        <p>{t("guest.remedy")}</p>
      </div>
    </main>
  );
}
