/** The mail as people will get it, with invented facts. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Preview } from "../api";
import type { Translate } from "../messages";
import { showLetter } from "./letter";
import type { Previewed } from "./usePreview";

function Letter({ html, label }: { readonly html: string; readonly label: string }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (place.current !== null) showLetter(place.current, html);
  }, [html]);
  return <div ref={place} class="letter" role="region" aria-label={label} tabIndex={0} />;
}

const FORMS = ["html", "text"] as const;

function Shown({ shown, form, t }: { readonly shown: Preview; readonly form: (typeof FORMS)[number]; readonly t: Translate }) {
  return (
    <>
      <p class="letter-subject">{t("mails.preview.subject", { subject: shown.subject })}</p>
      {form === "html"
        ? <Letter html={shown.html} label={t("mails.preview.html")} />
        : <pre class="letter plain" role="region" aria-label={t("mails.preview.text")} tabIndex={0}>{shown.text}</pre>}
    </>
  );
}

export function PreviewPane({ preview, wrong, t }: { readonly preview: Previewed; readonly wrong: boolean; readonly t: Translate }) {
  const [form, setForm] = useState<(typeof FORMS)[number]>("html");
  const { shown, problem } = preview;
  const failed = wrong ? t("mails.preview.wrong") : problem === null ? "" : t("mails.preview.failed");
  return (
    <section class="preview" aria-busy={preview.loading}>
      <div class="preview-head">
        <h3>{t("mails.preview")}</h3>
        <div class="segments" role="group" aria-label={t("mails.preview")}>
          {FORMS.map((one) => (
            <button key={one} type="button" class="segment" aria-pressed={form === one} onClick={() => setForm(one)}>{t(`mails.preview.${one}`)}</button>
          ))}
        </div>
      </div>
      <p class="hint" role="status">{failed === "" ? t("mails.preview.hint") : failed}</p>
      {shown === null ? failed === "" && <p class="hint">{t("mails.preview.loading")}</p> : <Shown shown={shown} form={form} t={t} />}
    </section>
  );
}
