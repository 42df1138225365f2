/** The buttons of one row: what the server allows this viewer, the most wanted first and the others in a menu. */
import type { Attachment } from "../api";
import { Icon } from "../ui/Icon";
import { SplitButton, type MenuItem } from "../ui/Menu";
import type { Voice } from "../voice";
import { offersOf, type Offered, type Run } from "./offers";

interface Props {
  readonly row: Attachment;
  readonly voice: Voice;
  readonly mayEdit: boolean;
  readonly working: boolean;
  readonly uploading: boolean;
  readonly onRun: (run: Run) => void;
}

function itemOf({ key, text, icon, danger, run }: Offered, { voice: { t }, onRun }: Props): MenuItem {
  return {
    key, icon, text: t(text as "action.lock"), run: () => onRun(run),
    ...(danger === undefined ? {} : { danger }), ...("form" in run ? { opens: run.form } : {}),
  };
}

export function RowActions(props: Props) {
  const { row, mayEdit, working, uploading, voice: { t }, onRun } = props;
  const { title } = row;
  const all = offersOf(row, mayEdit);
  const upload = all.find(({ key }) => key === "upload");
  const [main, ...rest] = all.filter((offer) => offer !== upload);
  return (
    <div class="actions" aria-busy={working}>
      {upload !== undefined && (
        <button type="button" class="button" aria-disabled={uploading} aria-label={t("action.upload.label", { title })}
          onClick={() => { if (!uploading) onRun(upload.run); }}>
          <Icon name="upload" />{t("action.upload")}
        </button>
      )}
      {main !== undefined && (
        <SplitButton text={t(main.text as "action.lock")} label={t(`${main.text}.label` as "action.lock.label", { title })} disabled={working}
          onClick={() => onRun(main.run)}
          more={{ label: t("action.more.label", { title }), items: rest.map((offer) => itemOf(offer, props)) }} />
      )}
    </div>
  );
}
