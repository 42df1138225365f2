/** One attachment: its cells, and below them who asks for it, its upload, the last problem and the open form. */
import { memo } from "../ui/memo";
import type { Attachment } from "../api";
import { Avatar } from "../ui/Avatar";
import { FileIcon } from "../ui/FileIcon";
import { Icon } from "../ui/Icon";
import type { Action } from "./actions";
import { RowForm } from "./forms";
import type { Form, Run } from "./offers";
import { Requests, requestsShown } from "./Requests";
import { RowActions } from "./RowActions";
import { fileType, isHeld } from "./rows";
import { StateCell } from "./StateCell";
import { UploadLine } from "./UploadLine";
import { isUnderWay, type Offer, type Upload } from "./uploads";
import { useDrop } from "./useDrop";
import type { Problem } from "../problems";
import { nameOf, type Voice } from "../voice";
import { rowProblemWords } from "./refusals";
import { dropWords } from "./uploadWords";

export interface RowEvents {
  readonly act: (row: Attachment, action: Action) => Promise<boolean>;
  readonly openForm: (id: string, form: Form | null) => void;
  readonly dismissProblem: (id: string) => void;
  readonly download: (row: Attachment) => void;
  readonly select: (id: string, range: boolean) => void;
  /** Let the viewer choose a file to upload. */
  readonly pick: (row: Attachment) => void;
  readonly offer: (row: Attachment, offer: Offer) => void;
  readonly send: (row: Attachment, file: File) => void;
  readonly dismissUpload: (id: string) => void;
  readonly now: () => number;
}

interface Props {
  readonly row: Attachment;
  /** Which row of the table it is, counted from 1 with the head. */
  readonly number: number;
  readonly voice: Voice;
  /** Whether the viewer may edit the page. */
  readonly mayEdit: boolean;
  /** The time left in words, which changes by the minute. */
  readonly left: string;
  readonly selected: boolean;
  readonly working: boolean;
  readonly problem: Problem | null;
  readonly upload: Upload | null;
  readonly form: Form | null;
  readonly events: RowEvents;
}

/** Columns that every width has; a cell that spans hidden ones would make room for them. */
const COLUMNS = 6;
const WIDE_COLUMNS = 4;

/** Return the size in words, or nothing where it is not known. */
function sizeOf({ fileSize }: Attachment, { formats }: Voice): string {
  return fileSize === null ? "" : formats.size(fileSize);
}

function titleOf({ title }: Attachment, { t }: Voice): string {
  return title === "" ? t("file.nameless") : title;
}

function SelectCell({ row, voice, selected, events }: Props) {
  return (
    <td role="cell" class="cell-select">
      <label class="pick">
        <input type="checkbox" checked={selected} aria-label={voice.t("file.select", { title: titleOf(row, voice) })}
          onClick={(event) => events.select(row.id, event.shiftKey)} />
      </label>
    </td>
  );
}

function NameCell({ row, voice }: Props) {
  const { t } = voice;
  if (row.links === null || row.version === null) return <span class="file">{titleOf(row, voice)}</span>;
  const meta = [fileType(row), sizeOf(row, voice)].filter((part) => part !== "").join(" · ");
  return (
    <>
      <a class="file" href={row.links.open} target="_blank" rel="noopener noreferrer"
        aria-label={t("file.open", { title: row.title })}>{row.title}</a>
      <span class="meta">
        <span><span class="not-wide">{meta} · </span>{t("file.version", { version: row.version })}</span>
        <a class="download" href={row.links.download} target="_blank" rel="noopener noreferrer"
          aria-label={t("file.download", { title: row.title })}><Icon name="download" />{t("file.downloadShort")}</a>
      </span>
    </>
  );
}

function OwnerCell({ row: { lock }, voice: { t } }: Props) {
  if (!isHeld(lock)) return null;
  if (lock.state === "mine") return t("person.you");
  return <span class="person"><Avatar person={lock.holder} /><span>{nameOf(lock.holder, t)}</span></span>;
}

function SinceCell({ row: { lock }, voice: { formats } }: Props) {
  if (!isHeld(lock) || lock.since === null) return null;
  return <time dateTime={lock.since} title={formats.full(lock.since)}>{formats.moment(lock.since)}</time>;
}

function EndsCell({ row: { lock }, voice: { t, formats }, left }: Props) {
  if (!isHeld(lock)) return null;
  const { expiresAt } = lock;
  return (
    <>
      <span>{left}</span>
      {expiresAt !== null && <time class="subtle" dateTime={expiresAt} title={formats.full(expiresAt)}>{t("lock.ends", { time: formats.moment(expiresAt) })}</time>}
    </>
  );
}

function WaitingCell({ row: { lock: { notifyMe } }, voice: { t, formats } }: Props) {
  if (notifyMe.count === 0) return null;
  return (
    <>
      <span class="waiting"><Icon name="waiting" /><span>{formats.number(notifyMe.count)}</span></span>
      {notifyMe.asked && notifyMe.position !== null &&
        <span class="subtle">{t("lock.place", { position: notifyMe.position })}</span>}
    </>
  );
}

function OpenForm({ row, voice, working, form, events }: Props) {
  if (form === null) return null;
  const cancel = (): void => events.openForm(row.id, null);
  const act = async (action: Action, download: boolean): Promise<void> => {
    if (!await events.act(row, action)) return;
    cancel();
    if (download) events.download(row);
  };
  return <RowForm {...{ row, voice, working, form }} onCancel={cancel} onAct={(action, download) => { void act(action, download); }} />;
}

function RowProblem({ row, problem, voice, events }: Props) {
  if (problem === null) return null;
  return (
    <div class="row-problem" role="alert">
      <Icon name="warning" />
      <span>{rowProblemWords(row.title, problem, voice)}</span>
      <button type="button" class="button plain icon-only" aria-label={voice.t("notice.dismiss")}
        onClick={() => events.dismissProblem(row.id)}><Icon name="close" /></button>
    </div>
  );
}

function keyOf(form: Form | null): string {
  return form === null ? "" : Object.values(form).join(" ");
}

async function lockAndDownload({ row, events }: Props): Promise<void> {
  if (await events.act(row, { kind: "lock", options: {} })) events.download(row);
}

function run(props: Props, wanted: Run): void {
  const { row, form, events } = props;
  if ("form" in wanted) events.openForm(row.id, form?.kind === wanted.form ? null : { kind: wanted.form });
  else if ("also" in wanted && wanted.also === "upload") events.pick(row);
  else if ("also" in wanted) void lockAndDownload(props);
  else if (wanted.act === "lock" || wanted.act === "extend") void events.act(row, { kind: wanted.act, options: {} });
  else void events.act(row, { kind: wanted.act });
}

function Below(props: Props) {
  const { row, number, voice, working, upload, form, events } = props;
  return (
    <tr role="row" class="below" aria-rowindex={number + 1}>
      <td role="cell" colSpan={COLUMNS} aria-colspan={COLUMNS + WIDE_COLUMNS}>
        <Requests {...{ title: row.title, lock: row.lock, voice, working }} isOpen={(asked) => keyOf(form) === keyOf(asked)}
          onHandOver={(accountId) => { void events.act(row, { kind: "handOver", accountId, reason: null }); }}
          onForm={(asked) => events.openForm(row.id, keyOf(form) === keyOf(asked) ? null : asked)} />
        {upload !== null && (
          <UploadLine {...{ row, upload, voice, working }} now={events.now} onSend={(file) => events.send(row, file)}
            onUnlock={() => { void events.act(row, { kind: "unlock" }); }} onDismiss={() => events.dismissUpload(row.id)} />
        )}
        <RowProblem {...props} />
        <OpenForm {...props} key={keyOf(form)} />
      </td>
      <td role="presentation" class="wide-only" colSpan={WIDE_COLUMNS} />
    </tr>
  );
}

/** Whether a file has a second row of the table, below its own. */
export function hasBelow({ row, voice, form, problem, upload }: Pick<Props, "row" | "voice" | "form" | "problem" | "upload">): boolean {
  return form !== null || problem !== null || upload !== null || requestsShown(row.lock, voice.me).length > 0;
}

function Row(props: Props) {
  const { row, number, voice, mayEdit, selected, working, upload, events } = props;
  const { t } = voice;
  const below = hasBelow(props);
  const drop = useDrop((offer) => events.offer(row, offer));
  const look = ["row", below ? "with-below" : "", selected ? "selected" : "", drop.above ? "drop" : ""].filter((name) => name !== "").join(" ");
  return (
    <>
      <tr role="row" aria-rowindex={number} data-row={row.id} class={look} {...drop.handlers}>
        <SelectCell {...props} />
        <th role="rowheader" scope="row" class="cell-name">
          <div class="name"><FileIcon title={row.title} mediaType={row.mediaType} /><div><NameCell {...props} /></div></div>
          {drop.above && <p class="drop-words"><Icon name="upload" /><span>{dropWords(row, mayEdit, voice)}</span></p>}
        </th>
        <td role="cell" class="cell-type wide-only">{fileType(row)}</td>
        <td role="cell" class="cell-size wide-only">{sizeOf(row, voice)}</td>
        <td role="cell" class="cell-state"><StateCell lock={row.lock} voice={voice} /></td>
        <td role="cell" class="cell-owner wide-only"><OwnerCell {...props} /></td>
        <td role="cell" class="cell-since" data-label={t("column.since")}><SinceCell {...props} /></td>
        <td role="cell" class="cell-ends" data-label={t("column.endsIn")}><EndsCell {...props} /></td>
        <td role="cell" class="cell-waiting wide-only"><WaitingCell {...props} /></td>
        <td role="cell" class="cell-actions">
          <RowActions {...{ row, voice, mayEdit, working }} uploading={isUnderWay(upload ?? undefined)} onRun={(wanted) => run(props, wanted)} />
        </td>
      </tr>
      {below && <Below {...props} />}
    </>
  );
}

/** Rendered only when its properties changed: a refresh of 1,000 equal rows renders nothing. */
export const AttachmentRow = memo(Row);
