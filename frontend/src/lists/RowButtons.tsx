/** The buttons of one row: exactly what the server allows this viewer. */
import type { MessageKey } from "../messages";
import type { Answer } from "../page/Requests";
import { mayStopWaiting } from "../page/rows";
import type { Voice } from "../voice";
import type { ListRow, RowAction } from "./store";
import { titleOf } from "./titleOf";

/** A form below a row. */
export type RowForm = { readonly kind: "break" | "takeOver" } | Answer;

export function sameForm(one: RowForm | null, other: RowForm): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

interface Props {
  readonly row: ListRow;
  readonly voice: Voice;
  readonly working: boolean;
  readonly form: RowForm | null;
  readonly onAct: (action: RowAction) => void;
  readonly onForm: (form: RowForm) => void;
}

interface Offer {
  readonly text: MessageKey & `action.${string}`;
  readonly form?: RowForm;
  readonly run: () => void;
}

function offered({ row: { file: { lock } }, onAct, onForm }: Props): readonly Offer[] {
  const { can, notifyMe, state } = lock;
  const opens = (kind: "break" | "takeOver"): Offer =>
    ({ text: `action.${kind}`, form: { kind }, run: () => onForm({ kind }) });
  const acts = (text: Offer["text"], kind: "unlock" | "extend" | "notify" | "cancelNotify" | "cancelRequest"): Offer => ({ text, run: () => onAct({ kind }) });
  const offers: (Offer | false)[] = [
    can.extend && acts("action.extend", "extend"),
    can.release && acts("action.unlock", "unlock"),
    mayStopWaiting(lock) && acts("action.cancelNotify", "cancelNotify"),
    !notifyMe.asked && can.notifyMe && state === "other" && acts("action.notify", "notify"),
    can.cancelRequest && acts("action.cancelRequest", "cancelRequest"),
    can.break && state !== "mine" && opens("break"),
    can.takeOver && state !== "mine" && opens("takeOver"),
  ];
  return offers.filter((offer) => offer !== false);
}

export function RowButtons(props: Props) {
  const { row, working, form: open, voice: { t } } = props;
  const title = titleOf(row.file.title, t);
  return (
    <div class="actions" aria-busy={working}>
      {offered(props).map(({ text, form, run }) => (
        <button key={text} type="button" class="button small" aria-disabled={working}
          {...(form === undefined ? {} : { "aria-expanded": sameForm(open, form), "data-opens": form.kind })}
          aria-label={t(`${text}.label` as "action.unlock.label", { title })} onClick={() => { if (!working) run(); }}>
          {t(text as "action.unlock")}
        </button>
      ))}
    </div>
  );
}
