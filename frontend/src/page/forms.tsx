/** The forms below a row: lock or extend with options, and a text for an ending, a take-over, a request or its answer. */
import { useState } from "preact/hooks";
import type { AcquireOptions, Attachment } from "../api";
import { Field, useFormKeys } from "../ui/Field";
import { TextArea, TextForm } from "../ui/TextForm";
import { nameOf, type Voice } from "../voice";
import type { Action } from "./actions";
import { chosenHours, CHOICES, OTHER, USUAL } from "./durations";
import type { Form } from "./offers";
import { stateWords } from "./lockWords";

interface FormProps {
  readonly row: Attachment;
  readonly voice: Voice;
  readonly working: boolean;
  readonly onCancel: () => void;
}

/** A warning when the file's lock changed while the form was open. */
function ChangedMeanwhile({ row, voice: { t } }: { readonly row: Attachment; readonly voice: Voice }) {
  const [first] = useState(row.lock);
  const same = first.state === row.lock.state && first.lockId === row.lock.lockId;
  return <p class="form-changed" role="status">{same ? "" : t("form.changed", { state: stateWords(row.lock, t) })}</p>;
}

/** Durations as choices, and any number of hours behind the last one. */
function Duration({ choice, other, wrong, hint, voice: { t, formats }, onChoice, onOther }: {
  readonly choice: string;
  readonly other: string;
  readonly wrong: boolean;
  readonly hint: string;
  readonly voice: Voice;
  readonly onChoice: (choice: string) => void;
  readonly onOther: (hours: string) => void;
}) {
  return (
    <div class="form-pair">
      <Field label={t("form.lock.ends")} hint={hint}>
        {(ids) => (
          <select {...ids} value={choice} onChange={(event) => onChoice(event.currentTarget.value)}>
            <option value={USUAL}>{t("form.lock.usual")}</option>
            {CHOICES.map((hours) => <option key={hours} value={String(hours)}>{formats.hours(hours)}</option>)}
            <option value={OTHER}>{t("form.lock.otherTime")}</option>
          </select>
        )}
      </Field>
      {choice === OTHER && (
        <Field label={t("form.lock.hours")} hint={t("form.lock.hours.hint")} error={wrong ? t("form.lock.hours.wrong") : null}>
          {(ids) => (
            <input {...ids} class="short" type="text" inputMode="numeric" autoComplete="off" data-hours value={other} aria-invalid={wrong}
              onInput={(event) => onOther(event.currentTarget.value)} />
          )}
        </Field>
      )}
    </div>
  );
}

interface Options {
  readonly hours?: number;
  readonly note: string;
  readonly unlockOnUpload: boolean;
}

function OptionsForm({ row, voice, working, onCancel, kind, onOptions }: FormProps & {
  readonly kind: "lock" | "extend";
  readonly onOptions: (options: Options, download: boolean) => void;
}) {
  const { t } = voice;
  const { form, onKeyDown } = useFormKeys(onCancel);
  const [choice, setChoice] = useState(USUAL);
  const [other, setOther] = useState("");
  const [note, setNote] = useState(kind === "extend" ? row.lock.note ?? "" : "");
  const [unlockOnUpload, setUnlock] = useState(kind === "extend" && row.lock.unlockOnUpload);
  const [tried, setTried] = useState(false);
  const hours = chosenHours(choice, other);
  const title = t(`form.${kind}.title`, { title: row.title });

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setTried(true);
    if (hours === "wrong") {
      form.current?.querySelector<HTMLElement>("[data-hours]")?.focus();
      return;
    }
    const download = (event.submitter as HTMLButtonElement | null)?.value === "download";
    if (!working) onOptions({ ...(hours === null ? {} : { hours }), note: note.trim(), unlockOnUpload }, download);
  };

  return (
    <form ref={form} class="row-form" data-form={kind} noValidate onSubmit={submit} onKeyDown={onKeyDown} aria-label={title}>
      <p class="form-title">{title}</p>
      <Duration {...{ choice, other, voice }} wrong={tried && hours === "wrong"} hint={kind === "extend" ? t("form.extend.hint") : ""}
        onChoice={setChoice} onOther={setOther} />
      <Field label={t("form.lock.note")} hint={t("form.lock.note.hint")}>
        {(ids) => <TextArea {...ids} value={note} onText={setNote} />}
      </Field>
      <label class="check">
        <input type="checkbox" checked={unlockOnUpload} onChange={(event) => setUnlock(event.currentTarget.checked)} />
        {t("form.lock.unlockOnUpload")}
      </label>
      <ChangedMeanwhile row={row} voice={voice} />
      <div class="buttons">
        <button type="submit" class="button primary" aria-disabled={working}>{t(`form.${kind}.submit`)}</button>
        {kind === "lock" && <button type="submit" class="button" value="download" aria-disabled={working}>{t("form.lock.submitDownload")}</button>}
        <button type="button" class="button plain" onClick={onCancel}>{t("form.cancel")}</button>
      </div>
    </form>
  );
}

/** An empty note is none; an extension sends it, to take the old one away. */
function lockOptions({ note, ...rest }: Options): AcquireOptions {
  return { ...rest, ...(note === "" ? {} : { note }) };
}

const REASON = { label: "form.reason", needed: true, look: "danger" } as const;
const TEXTS = {
  break: { ...REASON, hint: "form.break.hint" },
  takeOver: { ...REASON, hint: "form.takeOver.hint" },
  handOver: { ...REASON, hint: "form.handOver.hint" },
  request: { label: "form.request.message", hint: "form.request.hint", needed: false, look: "primary" },
  decline: { label: "form.decline.note", hint: "form.decline.hint", needed: false, look: "primary" },
} as const satisfies Readonly<Record<Exclude<Form["kind"], "lock" | "extend">, object>>;

type TextKind = keyof typeof TEXTS;

function WordsForm({ row, voice: { t, ...voice }, working, onCancel, kind, name: named, onText }: FormProps & {
  readonly kind: TextKind;
  /** Whom it is about. */
  readonly name: string;
  readonly onText: (text: string) => void;
}) {
  // The form keeps the name that was seen when it opened, even when the lock changes.
  const [name] = useState(named);
  const { label, hint, needed, look } = TEXTS[kind];
  return (
    <TextForm form={kind} title={t(`form.${kind}.title`, { name, title: row.title })} label={t(label)} hint={t(hint, { name })} submit={t(`form.${kind}.submit`)}
      missing={needed ? t("form.reason.missing") : null} {...{ look, working, t, onText, onCancel }}>
      <ChangedMeanwhile row={row} voice={{ t, ...voice }} />
    </TextForm>
  );
}

function actionOf(form: Form & { readonly kind: TextKind }, text: string): Action {
  const words = text === "" ? null : text;
  switch (form.kind) {
    case "request": return { kind: "request", message: words };
    case "decline": return { kind: "decline", accountId: form.accountId, note: words };
    case "handOver": return { kind: "handOver", accountId: form.accountId, reason: words };
    case "break":
    case "takeOver": return { kind: form.kind, reason: text };
  }
}

/** Return the name of who asks, for forms about a request, else of the owner. */
function nameIn(form: Form, { lock: { holder, requests } }: Attachment, { t }: Voice): string {
  if (!("accountId" in form)) return nameOf(holder, t);
  return nameOf(requests.find(({ person }) => person.accountId === form.accountId)?.person ?? null, t);
}

export function RowForm({ form, onAct, ...props }: FormProps & {
  readonly form: Form;
  readonly onAct: (action: Action, download: boolean) => void;
}) {
  if (form.kind === "lock") return <OptionsForm {...props} kind="lock" onOptions={(options, download) => onAct({ kind: "lock", options: lockOptions(options) }, download)} />;
  if (form.kind === "extend") return <OptionsForm {...props} kind="extend" onOptions={(options) => onAct({ kind: "extend", options }, false)} />;
  const text = form as Form & { readonly kind: TextKind };
  return <WordsForm {...props} kind={text.kind} name={nameIn(form, props.row, props.voice)} onText={(words) => onAct(actionOf(text, words), false)} />;
}
