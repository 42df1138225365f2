/** The forms below a row: lock with options, and the reason for ending or taking over a lock. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { AcquireOptions, Attachment } from "../api";
import { nameOf, type Voice } from "../voice";
import { stateWords } from "./words";

const NOTE_LENGTH = 500;

interface FormProps {
  readonly row: Attachment;
  readonly voice: Voice;
  readonly working: boolean;
  readonly onCancel: () => void;
}

/** Move the focus into an opened form; Escape closes the form and leaves the dialog open. */
function useFormKeys(onCancel: () => void) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("input, textarea")?.focus();
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault();
    onCancel();
  };
  return { form, onKeyDown };
}

/** A warning when the file's lock changed while the form was open. */
function ChangedMeanwhile({ row, voice: { t } }: { readonly row: Attachment; readonly voice: Voice }) {
  const [first] = useState(row.lock);
  const same = first.state === row.lock.state && first.lockId === row.lock.lockId;
  return <p class="form-changed" role="status">{same ? "" : t("form.changed", { state: stateWords(row.lock, t) })}</p>;
}

interface FieldProps {
  readonly label: string;
  readonly hint: string;
  readonly error?: string | null;
  readonly children: (ids: { readonly id: string; readonly "aria-describedby": string }) => preact.ComponentChild;
}

function Field({ label, hint, error = null, children }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": `${id}-hint` })}
      <p id={`${id}-hint`} class={error === null ? "hint" : "hint wrong"}>{error ?? hint}</p>
    </div>
  );
}

/** Return whole hours of at least 1, null for an empty field, "wrong" for anything else. */
export function hoursOf(text: string): number | null | "wrong" {
  if (text.trim() === "") return null;
  const hours = Number(text);
  return Number.isInteger(hours) && hours >= 1 ? hours : "wrong";
}

interface LockFormProps extends FormProps {
  readonly onLock: (options: AcquireOptions, download: boolean) => void;
}

export function LockForm({ row, voice, working, onCancel, onLock }: LockFormProps) {
  const { t } = voice;
  const { form, onKeyDown } = useFormKeys(onCancel);
  const [hoursText, setHours] = useState("");
  const [note, setNote] = useState("");
  const [unlockOnUpload, setUnlock] = useState(false);
  const [tried, setTried] = useState(false);
  const hours = hoursOf(hoursText);

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setTried(true);
    if (hours === "wrong") {
      form.current?.querySelector("input")?.focus();
      return;
    }
    const download = (event.submitter as HTMLButtonElement | null)?.value === "download";
    const text = note.trim();
    onLock({ ...(hours === null ? {} : { hours }), ...(text === "" ? {} : { note: text }), unlockOnUpload }, download);
  };

  return (
    <form ref={form} class="row-form" data-form="lock" noValidate onSubmit={submit} onKeyDown={onKeyDown}
      aria-label={t("form.lock.title", { title: row.title })}>
      <Field label={t("form.lock.hours")} hint={t("form.lock.hours.hint")}
        error={tried && hours === "wrong" ? t("form.lock.hours.wrong") : null}>
        {(ids) => (
          <input {...ids} class="short" type="text" inputMode="numeric" autoComplete="off" value={hoursText}
            aria-invalid={tried && hours === "wrong"} onInput={(event) => setHours(event.currentTarget.value)} />
        )}
      </Field>
      <Field label={t("form.lock.note")} hint={t("form.lock.note.hint")}>
        {(ids) => (
          <textarea {...ids} rows={2} maxLength={NOTE_LENGTH} value={note}
            onInput={(event) => setNote(event.currentTarget.value)} />
        )}
      </Field>
      <label class="check">
        <input type="checkbox" checked={unlockOnUpload} onChange={(event) => setUnlock(event.currentTarget.checked)} />
        {t("form.lock.unlockOnUpload")}
      </label>
      <ChangedMeanwhile row={row} voice={voice} />
      <div class="buttons">
        <button type="submit" class="button primary" disabled={working}>{t("form.lock.submit")}</button>
        <button type="submit" class="button" value="download" disabled={working}>{t("form.lock.submitDownload")}</button>
        <button type="button" class="button plain" onClick={onCancel}>{t("form.cancel")}</button>
      </div>
    </form>
  );
}

interface ReasonFormProps extends FormProps {
  readonly kind: "break" | "takeOver";
  readonly onReason: (reason: string) => void;
}

export function ReasonForm({ row, voice, working, kind, onCancel, onReason }: ReasonFormProps) {
  const { t } = voice;
  const { form, onKeyDown } = useFormKeys(onCancel);
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  // The form keeps the name that the manager saw when it opened, even when the lock changes.
  const [name] = useState(nameOf(row.lock.holder, t));
  const missing = reason.trim() === "";

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setTried(true);
    if (missing) form.current?.querySelector("textarea")?.focus();
    else onReason(reason.trim());
  };

  return (
    <form ref={form} class="row-form" data-form={kind} noValidate onSubmit={submit} onKeyDown={onKeyDown}
      aria-label={t(`form.${kind}.title`, { name, title: row.title })}>
      <p class="form-title">{t(`form.${kind}.title`, { name, title: row.title })}</p>
      <Field label={t("form.reason")} hint={t("form.reason.hint", { name })}
        error={tried && missing ? t("form.reason.missing") : null}>
        {(ids) => (
          <textarea {...ids} rows={2} maxLength={NOTE_LENGTH} required aria-invalid={tried && missing} value={reason}
            onInput={(event) => setReason(event.currentTarget.value)} />
        )}
      </Field>
      <ChangedMeanwhile row={row} voice={voice} />
      <div class="buttons">
        <button type="submit" class="button danger" disabled={working}>{t(`form.${kind}.submit`)}</button>
        <button type="button" class="button plain" onClick={onCancel}>{t("form.cancel")}</button>
      </div>
    </form>
  );
}
