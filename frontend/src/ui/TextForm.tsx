/** A form with one text, below a row or above a list: a reason, a message or a note. */
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import type { Translate } from "../messages";
import { Field, useFormKeys } from "./Field";

/** As many characters as the server takes of anything that people write. */
const MOST = 500;

export function TextArea({ value, onText, ...rest }: {
  readonly id: string;
  readonly "aria-describedby": string;
  readonly "aria-invalid"?: boolean;
  readonly required?: boolean;
  readonly value: string;
  readonly onText: (text: string) => void;
}) {
  return <textarea {...rest} rows={2} maxLength={MOST} value={value} onInput={(event) => onText(event.currentTarget.value)} />;
}

interface Props {
  /** Names the form for whatever opened it. */
  readonly form: string;
  readonly title: string;
  readonly label: string;
  readonly hint: string;
  readonly submit: string;
  readonly look: "primary" | "danger";
  /** What is said where nothing is written; null where that is allowed. */
  readonly missing: string | null;
  readonly working: boolean;
  readonly t: Translate;
  readonly onText: (text: string) => void;
  readonly onCancel: () => void;
  readonly children?: ComponentChildren;
}

export function TextForm({ form: kind, title, label, hint, submit, look, missing, working, t, onText, onCancel, children }: Props) {
  const { form, onKeyDown } = useFormKeys(onCancel);
  const titleId = useId();
  const [text, setText] = useState("");
  const [tried, setTried] = useState(false);
  const lacking = missing !== null && text.trim() === "";
  const wrong = tried && lacking;
  const send = (event: SubmitEvent): void => {
    event.preventDefault();
    setTried(true);
    if (lacking) form.current?.querySelector("textarea")?.focus();
    else if (!working) onText(text.trim());
  };
  return (
    <form ref={form} class="row-form" data-form={kind} noValidate onSubmit={send} onKeyDown={onKeyDown} aria-labelledby={titleId}>
      <p class="form-title" id={titleId}>{title}</p>
      <Field label={label} hint={hint} error={wrong ? missing : null}>
        {(ids) => <TextArea {...ids} required={missing !== null} aria-invalid={wrong} value={text} onText={setText} />}
      </Field>
      {children}
      <div class="buttons">
        <button type="submit" class={`button ${look}`} aria-disabled={working}>{submit}</button>
        <button type="button" class="button plain" onClick={onCancel}>{t("form.cancel")}</button>
      </div>
    </form>
  );
}
