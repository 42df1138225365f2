/** The form that asks why a lock of others ends or changes hands. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Voice } from "../voice";

const REASON_LENGTH = 500;

export function ReasonForm({ title, hint, submit, form: kind, working, voice: { t }, onReason, onCancel }: {
  readonly title: string;
  readonly hint: string;
  readonly submit: string;
  /** Names the form for whatever opened it. */
  readonly form: string;
  readonly working: boolean;
  readonly voice: Voice;
  readonly onReason: (reason: string) => void;
  readonly onCancel: () => void;
}) {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  useEffect(() => field.current?.focus(), []);
  const wrong = tried && reason.trim() === "";
  const send = (event: SubmitEvent): void => {
    event.preventDefault();
    setTried(true);
    if (reason.trim() === "") field.current?.focus();
    else onReason(reason.trim());
  };
  const leave = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault();
    onCancel();
  };
  return (
    <form class="row-form" data-form={kind} noValidate aria-label={title} onSubmit={send} onKeyDown={leave}>
      <p class="form-title">{title}</p>
      <div class="field">
        <label for={id}>{t("form.reason")}</label>
        <textarea ref={field} id={id} rows={2} maxLength={REASON_LENGTH} required aria-invalid={wrong} aria-describedby={`${id}-hint`}
          value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        <p id={`${id}-hint`} class={wrong ? "hint wrong" : "hint"}>{wrong ? t("form.reason.missing") : hint}</p>
      </div>
      <div class="buttons">
        <button type="submit" class="button danger" aria-disabled={working}>{submit}</button>
        <button type="button" class="button plain" onClick={onCancel}>{t("form.cancel")}</button>
      </div>
    </form>
  );
}
