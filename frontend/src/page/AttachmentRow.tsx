/** One attachment: its cells, and below them the last problem and the open form. */
import { memo } from "../ui/memo";
import type { AcquireOptions, Attachment } from "../api";
import { LockForm, ReasonForm } from "./forms";
import { Icon } from "../ui/Icon";
import { RowActions, type FormKind } from "./RowActions";
import { fileType, isHeld } from "./rows";
import { StateCell } from "./StateCell";
import type { Problem } from "../problems";
import type { Action } from "./store";
import { nameOf, type Voice } from "../voice";
import { leftWords, rowProblemWords } from "./words";

export interface RowEvents {
  readonly act: (row: Attachment, action: Action) => Promise<boolean>;
  readonly openForm: (id: string, kind: FormKind | null) => void;
  readonly dismissProblem: (id: string) => void;
  readonly download: (row: Attachment) => void;
}

interface Props {
  readonly row: Attachment;
  readonly voice: Voice;
  /** Age of the state in seconds, in whole minutes because the row shows no seconds. */
  readonly ageSeconds: number;
  readonly working: boolean;
  readonly problem: Problem | null;
  readonly form: FormKind | null;
  readonly events: RowEvents;
}

export const COLUMNS = 9;

/** Return the size in words, or nothing where it is not known. */
function sizeOf({ fileSize }: Attachment, { formats }: Voice): string {
  return fileSize === null ? "" : formats.size(fileSize);
}

function NameCell({ row, voice }: Props) {
  const { t } = voice;
  if (row.links === null || row.version === null) {
    return <span class="file">{row.title === "" ? t("file.nameless") : row.title}</span>;
  }
  const meta = [fileType(row), sizeOf(row, voice)].filter((part) => part !== "").join(" · ");
  return (
    <>
      <a class="file" href={row.links.open} target="_blank" rel="noopener noreferrer"
        aria-label={t("file.open", { title: row.title })}>{row.title}</a>
      <span class="meta">
        <span><span class="narrow-only">{meta} · </span>{t("file.version", { version: row.version })}</span>
        <a class="download" href={row.links.download} target="_blank" rel="noopener noreferrer"
          aria-label={t("file.download", { title: row.title })}><Icon name="download" />{t("file.downloadShort")}</a>
      </span>
    </>
  );
}

function SinceCell({ row: { lock }, voice: { formats } }: Props) {
  if (!isHeld(lock) || lock.since === null) return null;
  return <time dateTime={lock.since} title={formats.full(lock.since)}>{formats.moment(lock.since)}</time>;
}

function EndsCell({ row: { lock }, voice, ageSeconds }: Props) {
  if (!isHeld(lock)) return null;
  const left = leftWords(lock, ageSeconds, voice);
  return <span title={lock.expiresAt === null ? undefined : voice.formats.full(lock.expiresAt)}>{left}</span>;
}

function WaitingCell({ row: { lock: { notifyMe } }, voice: { t, formats } }: Props) {
  if (notifyMe.count === 0) return null;
  return (
    <>
      <span class="waiting"><Icon name="waiting" />
        <span class="table-only">{formats.number(notifyMe.count)}</span>
        <span class="cards-only">{t("lock.waiting", { count: notifyMe.count })}</span>
      </span>
      {notifyMe.asked && notifyMe.position !== null &&
        <span class="subtle">{t("lock.place", { position: notifyMe.position })}</span>}
    </>
  );
}

function OpenForm({ row, voice, working, form, events }: Props) {
  const cancel = (): void => events.openForm(row.id, null);
  const run = async (action: Action): Promise<boolean> => {
    const worked = await events.act(row, action);
    if (worked) cancel();
    return worked;
  };
  if (form === "lock") {
    const lock = async (options: AcquireOptions, download: boolean): Promise<void> => {
      if (await run({ kind: "lock", options }) && download) events.download(row);
    };
    return <LockForm {...{ row, voice, working }} onCancel={cancel}
      onLock={(options, download) => { void lock(options, download); }} />;
  }
  if (form === null) return null;
  return <ReasonForm {...{ row, voice, working }} kind={form} onCancel={cancel}
    onReason={(reason) => { void run({ kind: form, reason }); }} />;
}

function RowProblem({ row, problem, voice, events }: Props) {
  if (problem === null) return null;
  return (
    <div class="row-problem" role="alert">
      <Icon name="warning" />
      <span>{rowProblemWords(row, problem, voice)}</span>
      <button type="button" class="button plain icon-only" aria-label={voice.t("notice.dismiss")}
        onClick={() => events.dismissProblem(row.id)}><Icon name="close" /></button>
    </div>
  );
}

function Row(props: Props) {
  const { row, voice, working, form, problem, events } = props;
  const { t } = voice;
  const below = form !== null || problem !== null;
  return (
    <>
      <tr role="row" data-row={row.id} class={below ? "row with-below" : "row"}>
        <th role="rowheader" scope="row" class="cell-name"><NameCell {...props} /></th>
        <td role="cell" class="cell-type wide-only">{fileType(row)}</td>
        <td role="cell" class="cell-size wide-only">{sizeOf(row, voice)}</td>
        <td role="cell" class="cell-state"><StateCell lock={row.lock} voice={voice} /></td>
        <td role="cell" class="cell-owner" data-label={t("column.owner")}>
          {isHeld(row.lock) ? nameOf(row.lock.holder, t) : null}
        </td>
        <td role="cell" class="cell-since" data-label={t("column.since")}><SinceCell {...props} /></td>
        <td role="cell" class="cell-ends" data-label={t("column.endsIn")}><EndsCell {...props} /></td>
        <td role="cell" class="cell-waiting"><WaitingCell {...props} /></td>
        <td role="cell" class="cell-actions">
          <RowActions row={row} voice={voice} working={working} openForm={form}
            onAct={(kind) => { void events.act(row, kind === "lock" ? { kind, options: {} } : { kind }); }}
            onForm={(kind) => events.openForm(row.id, form === kind ? null : kind)} />
        </td>
      </tr>
      {below && (
        <tr role="row" class="below">
          <td role="cell" colSpan={COLUMNS} aria-colspan={COLUMNS}>
            <RowProblem {...props} />
            <OpenForm {...props} key={form} />
          </td>
        </tr>
      )}
    </>
  );
}

/** Rendered only when its properties changed: a refresh of 1,000 equal rows renders nothing. */
export const AttachmentRow = memo(Row);
