/** Subject and text of one mail, with the placeholders that it knows. */
import { useId, useRef } from "preact/hooks";
import type { Template, TemplateText } from "../api";
import type { Translate } from "../messages";
import type { mails } from "../messages/en/mails";
import { Icon } from "../ui/Icon";
import { inserted, offsetOf, type Place } from "./places";

type Placeholder = keyof typeof mails extends infer K ? (K extends `mails.placeholder.${infer P}` ? P : never) : never;
type Field = Place["field"];
type Box = HTMLInputElement | HTMLTextAreaElement;

/** What cannot stand in a subject. */
const LINK = "pageLink";

function Wrong({ id, field, wrong, t, onShow }: {
  readonly id: string;
  readonly field: Field;
  readonly wrong: readonly Place[];
  readonly t: Translate;
  readonly onShow: (place: Place) => void;
}) {
  return (
    <div id={id} role="alert"><ul class="wrong-places">
      {wrong.filter((place) => place.field === field).map((place) => (
        <li key={`${String(place.position)} ${place.problem}`}>
          <Icon name="warning" />
          <span>{t("mails.wrong", { position: place.position + 1, problem: place.problem })}</span>
          <button type="button" class="button link" onClick={() => onShow(place)}>{t("mails.showPlace")}</button>
        </li>
      ))}
    </ul></div>
  );
}

function Inserts({ names, title, t, onInsert }: {
  readonly names: readonly string[];
  readonly title: string;
  readonly t: Translate;
  readonly onInsert: (name: string) => void;
}) {
  return (
    <div class="inserts" role="group" aria-label={title}>
      <span class="hint">{title}</span>
      {(names as readonly Placeholder[]).map((name) => (
        <button key={name} type="button" class="insert" title={`{${name}}`} aria-label={t("mails.insert.label", { name: t(`mails.placeholder.${name}`) })}
          onClick={() => onInsert(name)}>
          {t(`mails.placeholder.${name}`)}
        </button>
      ))}
    </div>
  );
}

/** The two boxes; a placeholder goes where the cursor was last. */
function useBoxes(text: TemplateText, onEdit: (change: Partial<TemplateText>) => void) {
  const subject = useRef<HTMLInputElement>(null);
  const body = useRef<HTMLTextAreaElement>(null);
  const boxOf = (field: Field): Box | null => (field === "subject" ? subject : body).current;
  const insert = (field: Field, name: string): void => {
    const box = boxOf(field);
    const value = text[field];
    const made = inserted(value, name, box?.selectionStart ?? value.length, box?.selectionEnd ?? value.length);
    onEdit({ [field]: made.text });
    requestAnimationFrame(() => {
      box?.focus();
      box?.setSelectionRange(made.cursor, made.cursor);
    });
  };
  const show = ({ field, position }: Place): void => {
    const at = offsetOf(text[field], position);
    const box = boxOf(field);
    box?.focus();
    box?.setSelectionRange(at, at + 1);
  };
  return { subject, body, insert, show };
}

export function Editor({ template, text, wrong, language, t, onEdit }: {
  readonly template: Template;
  readonly text: TemplateText;
  readonly wrong: readonly Place[];
  readonly language: string;
  readonly t: Translate;
  readonly onEdit: (change: Partial<TemplateText>) => void;
}) {
  const id = useId();
  const { subject, body, insert, show } = useBoxes(text, onEdit);
  const has = (field: Field): boolean => wrong.some((place) => place.field === field);
  const inSubject = template.placeholders.filter((name) => name !== LINK);
  return (
    <div class="editor">
      <div class="field">
        <label for={`${id}-subject`}>{t("mails.subject")}</label>
        <input ref={subject} id={`${id}-subject`} type="text" lang={language} value={text.subject} aria-invalid={has("subject")}
          aria-describedby={`${id}-subject-wrong`} onInput={(event) => onEdit({ subject: event.currentTarget.value })} />
        <Wrong id={`${id}-subject-wrong`} field="subject" wrong={wrong} t={t} onShow={show} />
        <Inserts names={inSubject} title={t("mails.insertSubject")} t={t} onInsert={(name) => insert("subject", name)} />
      </div>
      <div class="field">
        <label for={`${id}-body`}>{t("mails.body")}</label>
        <p id={`${id}-hint`} class="hint">{t("mails.body.hint")}</p>
        <textarea ref={body} id={`${id}-body`} rows={9} lang={language} value={text.body} aria-invalid={has("body")}
          aria-describedby={`${id}-hint ${id}-body-wrong`} onInput={(event) => onEdit({ body: event.currentTarget.value })} />
        <Wrong id={`${id}-body-wrong`} field="body" wrong={wrong} t={t} onShow={show} />
        <Inserts names={template.placeholders} title={t("mails.insert")} t={t} onInsert={(name) => insert("body", name)} />
      </div>
    </div>
  );
}
