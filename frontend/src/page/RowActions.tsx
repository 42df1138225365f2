/** The buttons of one row: what the server allows this viewer. */
import type { Attachment } from "../api";
import type { MessageKey } from "../messages";
import { Icon } from "../ui/Icon";
import type { ActionKind } from "./store";
import type { Voice } from "../voice";

export type FormKind = "lock" | "break" | "takeOver";

interface Props {
  readonly row: Attachment;
  readonly voice: Voice;
  readonly working: boolean;
  readonly openForm: FormKind | null;
  readonly onAct: (kind: Extract<ActionKind, "lock" | "unlock" | "extend" | "notify" | "cancelNotify">) => void;
  readonly onForm: (kind: FormKind) => void;
}

interface ActionButton {
  readonly key: string;
  readonly text: MessageKey & `action.${string}`;
  readonly look?: string;
  readonly form?: FormKind;
  readonly run: () => void;
}

/** Return the buttons, the most used first. */
function offered({ row, onAct, onForm }: Props): readonly ActionButton[] {
  const { can, notifyMe, state } = row.lock;
  const buttons: (ActionButton | false)[] = [
    can.lock && { key: "lock", text: "action.lock", look: "primary", run: () => onAct("lock") },
    can.lock && { key: "options", text: "action.lockOptions", form: "lock", run: () => onForm("lock") },
    can.release && { key: "unlock", text: "action.unlock", look: "primary", run: () => onAct("unlock") },
    can.extend && { key: "extend", text: "action.extend", run: () => onAct("extend") },
    notifyMe.asked && { key: "cancelNotify", text: "action.cancelNotify", run: () => onAct("cancelNotify") },
    !notifyMe.asked && can.notifyMe && state !== "free" && state !== "mine" &&
      { key: "notify", text: "action.notify", run: () => onAct("notify") },
    can.break && state !== "mine" && { key: "break", text: "action.break", form: "break", run: () => onForm("break") },
    can.takeOver && state !== "mine" &&
      { key: "takeOver", text: "action.takeOver", form: "takeOver", run: () => onForm("takeOver") },
  ];
  return buttons.filter((button) => button !== false);
}

export function RowActions(props: Props) {
  const { row, working, openForm, voice: { t } } = props;
  return (
    <div class="actions" aria-busy={working}>
      {offered(props).map(({ key, text, look = "", form, run }) => (
        <button key={key} type="button" class={`button ${look}`} aria-disabled={working}
          {...(form === undefined ? {} : { "aria-expanded": openForm === form, "data-opens": form })}
          aria-label={t(`${text}.label` as "action.lock.label", { title: row.title })}
          onClick={() => { if (!working) run(); }}>
          {t(text as "action.lock")}
          {form === "lock" && <Icon name="more" />}
        </button>
      ))}
    </div>
  );
}
