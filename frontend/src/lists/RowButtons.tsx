/** The buttons of one row: exactly what the server allows this viewer. Of more than two, all but the first are in a menu. */
import type { MessageKey } from "../messages";
import type { Answer } from "../page/Requests";
import { mayStopWaiting } from "../page/rows";
import type { IconName } from "../ui/Icon";
import { SplitButton, type MenuItem } from "../ui/Menu";
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
  readonly icon: IconName;
  readonly form?: RowForm;
  readonly run: () => void;
}

function offered({ row: { file: { lock } }, onAct, onForm }: Props): readonly Offer[] {
  const { can, notifyMe, state } = lock;
  const opens = (kind: "break" | "takeOver", icon: IconName): Offer =>
    ({ text: `action.${kind}`, icon, form: { kind }, run: () => onForm({ kind }) });
  const acts = (kind: "unlock" | "extend" | "notify" | "cancelNotify" | "cancelRequest", icon: IconName): Offer =>
    ({ text: `action.${kind}`, icon, run: () => onAct({ kind }) });
  const offers: (Offer | false)[] = [
    can.extend && acts("extend", "extend"),
    can.release && acts("unlock", "free"),
    mayStopWaiting(lock) && acts("cancelNotify", "bell"),
    !notifyMe.asked && can.notifyMe && state === "other" && acts("notify", "bell"),
    can.cancelRequest && acts("cancelRequest", "undo"),
    can.break && state !== "mine" && opens("break", "free"),
    can.takeOver && state !== "mine" && opens("takeOver", "hand"),
  ];
  return offers.filter((offer) => offer !== false);
}

const MOST_BUTTONS = 2;

function itemOf({ text, icon, form, run }: Offer, { t }: Voice): MenuItem {
  return { key: text, icon, text: t(text as "action.unlock"), run, ...(form === undefined ? {} : { danger: true, opens: form.kind }) };
}

export function RowButtons(props: Props) {
  const { row, working, form: open, voice, voice: { t } } = props;
  const title = titleOf(row.file.title, t);
  const offers = offered(props);
  const [main, ...rest] = offers;
  if (main !== undefined && offers.length > MOST_BUTTONS) {
    return (
      <div class="actions" aria-busy={working}>
        <SplitButton text={t(main.text as "action.unlock")} label={t(`${main.text}.label` as "action.unlock.label", { title })} look="small"
          disabled={working} onClick={main.run}
          more={{ label: t("action.more.label", { title }), items: rest.map((offer) => itemOf(offer, voice)) }} />
      </div>
    );
  }
  return (
    <div class="actions" aria-busy={working}>
      {offers.map(({ text, form, run }) => (
        <button key={text} type="button" class="button small" aria-disabled={working}
          {...(form === undefined ? {} : { "aria-expanded": sameForm(open, form), "data-opens": form.kind })}
          aria-label={t(`${text}.label` as "action.unlock.label", { title })} onClick={() => { if (!working) run(); }}>
          {t(text as "action.unlock")}
        </button>
      ))}
    </div>
  );
}
