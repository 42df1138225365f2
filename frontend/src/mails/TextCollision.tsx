/** Two admins wrote the same mail: both texts, and the choice. */
import { useEffect, useRef } from "preact/hooks";
import type { TemplateText } from "../api";
import type { Translate } from "../messages";
import type { Collision } from "./store";

function Text({ title, text }: { readonly title: string; readonly text: TemplateText }) {
  return (
    <div class="option-card">
      <span class="option-title">{title}</span>
      <strong>{text.subject}</strong>
      <p class="collision-body">{text.body}</p>
    </div>
  );
}

export function TextCollision({ collision, t, onTheirs, onMine, onEdit }: {
  readonly collision: Collision;
  readonly t: Translate;
  readonly onTheirs: () => void;
  readonly onMine: () => void;
  readonly onEdit: () => void;
}) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <section class="collision">
      <h2 ref={title} tabIndex={-1}>{t("mails.collision.title")}</h2>
      <p>{t("mails.collision.hint")}</p>
      <div class="two">
        <Text title={t("mails.collision.theirs")} text={collision.theirs} />
        <Text title={t("mails.collision.mine")} text={collision.mine} />
      </div>
      <div class="buttons">
        <button type="button" class="button" onClick={onTheirs}>{t("mails.collision.take")}</button>
        <button type="button" class="button" onClick={onMine}>{t("mails.collision.keep")}</button>
        <button type="button" class="button plain" onClick={onEdit}>{t("mails.collision.edit")}</button>
      </div>
    </section>
  );
}
