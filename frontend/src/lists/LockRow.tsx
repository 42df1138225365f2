/** One locked file: its cells, and below them who asks for it, the last problem and the open form. */
import { useState } from "preact/hooks";
import { Requests, requestsShown } from "../page/Requests";
import { isHeld } from "../page/rows";
import { endedWords, leftWords, stateWords, unprotectedWords } from "../page/lockWords";
import { rowProblemWords } from "../page/refusals";
import type { Problem } from "../problems";
import { Avatar } from "../ui/Avatar";
import { FileIcon } from "../ui/FileIcon";
import { Icon, type IconName } from "../ui/Icon";
import { memo } from "../ui/memo";
import { TextForm } from "../ui/TextForm";
import { nameOf, type Voice } from "../voice";
import { RowButtons, sameForm, type RowForm } from "./RowButtons";
import type { ListRow, RowAction } from "./store";
import { titleOf } from "./titleOf";

export interface RowEvents {
  readonly act: (row: ListRow, action: RowAction) => Promise<boolean>;
  readonly openForm: (id: string, form: RowForm | null) => void;
  readonly dismissProblem: (id: string) => void;
  readonly select: (id: string, on: boolean) => void;
}

export interface Look {
  readonly owner: boolean;
  readonly select: boolean;
}

interface Props {
  readonly row: ListRow;
  /** Which row of the table it is, counted from 1 with the head. */
  readonly number: number;
  readonly look: Look;
  readonly voice: Voice;
  /** Age of the row in seconds, in whole minutes because the row shows no seconds. */
  readonly ageSeconds: number;
  readonly selected: boolean;
  readonly working: boolean;
  readonly problem: Problem | null;
  readonly form: RowForm | null;
  readonly events: RowEvents;
}

function FileCell({ row: { file }, voice: { t } }: Props) {
  const title = titleOf(file.title, t);
  if (file.open === null || file.open === "") return <span class="file subtle">{title}</span>;
  return (
    <a class="file" href={file.open} target="_blank" rel="noopener noreferrer" aria-label={t("lists.open", { title })}>{title}</a>
  );
}

/** A page's own address is made from the file's, which is on the same site. */
function pageAddress({ file: { open, pageId } }: ListRow): string | null {
  if (open === null || open === "" || pageId === null) return null;
  const at = open.indexOf("/wiki/");
  return at < 0 ? null : `${open.slice(0, at)}/wiki/pages/viewpage.action?pageId=${encodeURIComponent(pageId)}`;
}

function PageLine({ row, voice: { t } }: Props) {
  const { pageTitle } = row.file;
  const address = pageAddress(row);
  if (pageTitle === null || address === null) return <span class="subtle lk-page">{pageTitle}</span>;
  return (
    <a class="subtle lk-page" href={address} target="_blank" rel="noopener noreferrer" aria-label={t("lists.openPage", { title: pageTitle })}>
      {pageTitle}
    </a>
  );
}

const ICONS: Readonly<Record<ListRow["file"]["lock"]["state"], IconName>> = {
  free: "free", mine: "mine", other: "locked", ending: "ending", unreadable: "warning",
};

function Protection({ row: { file: { lock } }, voice }: Props) {
  if (!isHeld(lock) || lock.protection === "protected" || lock.protection === "suspended") return null;
  const { t } = voice;
  const restoring = lock.protection === "restoring";
  return (
    <p class={`protection ${restoring ? "restoring" : "unprotected"}`}>
      <Icon name={restoring ? "undo" : "warning"} />
      <span>
        <strong>{t(restoring ? "protection.restoring" : "protection.unprotected")}</strong>{" "}
        {restoring ? t("protection.restoring.hint") : unprotectedWords(lock, voice)}
      </span>
    </p>
  );
}

const SHORT_NOTE = 90;

/** A long note is folded. */
function Note({ text, voice: { t } }: { readonly text: string; readonly voice: Voice }) {
  const [whole, setWhole] = useState(false);
  const long = text.length > SHORT_NOTE;
  return (
    <p class="note">
      <span class="quiet">{t("lock.note")}:</span> {long && !whole ? `${text.slice(0, SHORT_NOTE).trimEnd()}…` : text}
      {long && (
        <button type="button" class="button link" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {t(whole ? "lists.note.less" : "lists.note.more")}
        </button>
      )}
    </p>
  );
}

function StateCell(props: Props) {
  const { row: { file: { lock } }, voice } = props;
  const { t } = voice;
  const { notifyMe, note } = lock;
  return (
    <>
      <span class={`badge badge-${lock.state}`}><Icon name={ICONS[lock.state]} />{shortState(props)}</span>
      <Protection {...props} />
      {note !== null && note !== "" && isHeld(lock) && <Note text={note} voice={voice} />}
      {isHeld(lock) && notifyMe.count > 0 && (
        <p class="subtle waiting"><Icon name="waiting" /><span>
          {t("lock.waiting", { count: notifyMe.count })}
          {notifyMe.asked && notifyMe.position !== null && <> · {t("lock.place", { position: notifyMe.position })}</>}
        </span></p>
      )}
      {!isHeld(lock) && lock.lastEnded !== null && <p class="subtle ended">{endedWords(lock.lastEnded, voice)}</p>}
    </>
  );
}

/** The owner has a column of their own. */
function shortState({ row: { file: { lock } }, voice: { t } }: Props): string {
  return lock.state === "other" ? t("lists.state.locked") : stateWords(lock, t);
}

function Since({ row: { file: { lock } }, voice: { formats } }: Props) {
  if (lock.since === null || !isHeld(lock)) return null;
  return <time dateTime={lock.since} title={formats.full(lock.since)}>{formats.moment(lock.since)}</time>;
}

function Ends({ row: { file: { lock } }, voice, ageSeconds }: Props) {
  if (!isHeld(lock)) return null;
  return <span title={lock.expiresAt === null ? undefined : voice.formats.full(lock.expiresAt)}>{leftWords(lock, ageSeconds, voice)}</span>;
}

function actionOf(form: RowForm, text: string): RowAction {
  switch (form.kind) {
    case "decline": return { kind: "decline", accountId: form.accountId, note: text === "" ? null : text };
    case "handOver": return { kind: "handOver", accountId: form.accountId, reason: text };
    case "break":
    case "takeOver": return { kind: form.kind, reason: text };
  }
}

/** Return the name of who asks, for forms about a request, else of the owner. */
function nameIn(form: RowForm, { holder, requests }: ListRow["file"]["lock"], { t }: Voice): string {
  const person = "accountId" in form ? requests.find(({ person: { accountId } }) => accountId === form.accountId)?.person ?? null : holder;
  return nameOf(person, t);
}

function WordsForm({ row, voice, working, form, events }: Props & { readonly form: RowForm }) {
  const { t } = voice;
  const { kind } = form;
  // The form keeps the name that was seen when it opened.
  const [name] = useState(() => nameIn(form, row.file.lock, voice));
  const declines = kind === "decline";
  const close = (): void => events.openForm(row.id, null);
  const run = (text: string): void => {
    void events.act(row, actionOf(form, text)).then((worked) => { if (worked) close(); });
  };
  return (
    <TextForm form={kind} title={t(`form.${kind}.title`, { name, title: titleOf(row.file.title, t) })} label={t(declines ? "form.decline.note" : "form.reason")}
      hint={t(`form.${kind}.hint`, { name })} submit={t(`form.${kind}.submit`)} look={declines ? "primary" : "danger"}
      missing={declines ? null : t("form.reason.missing")} {...{ working, t }} onText={run} onCancel={close} />
  );
}

function RowProblem({ row, problem, voice, events }: Props) {
  if (problem === null) return null;
  return (
    <div class="row-problem" role="alert">
      <Icon name="warning" />
      <span>{rowProblemWords(titleOf(row.file.title, voice.t), problem, voice)}</span>
      <button type="button" class="button plain icon-only" aria-label={voice.t("notice.dismiss")}
        onClick={() => events.dismissProblem(row.id)}><Icon name="close" /></button>
    </div>
  );
}

function Owner({ lock: { holder }, voice: { t } }: { readonly lock: ListRow["file"]["lock"]; readonly voice: Voice }) {
  return <span class="person"><Avatar person={holder} /><span>{nameOf(holder, t)}</span></span>;
}

/** Whether a file has a second row of the table, below its own. */
export function hasBelow({ row, voice, problem, form }: Pick<Props, "row" | "voice" | "problem" | "form">): boolean {
  return form !== null || problem !== null || requestsShown(row.file.lock, voice.me).length > 0;
}

function Row(props: Props) {
  const { row, number, look, voice, selected, working, form, events } = props;
  const { t } = voice;
  const { lock, title } = row.file;
  const below = hasBelow(props);
  const act = (action: RowAction): void => { void events.act(row, action); };
  const open = (wanted: RowForm): void => events.openForm(row.id, sameForm(form, wanted) ? null : wanted);
  const shared = { row, voice, working, form, onAct: act, onForm: open };
  return (
    <>
      <tr role="row" aria-rowindex={number} data-row={row.id} class={`${below ? "row with-below" : "row"}${selected ? " selected" : ""}`}>
        {look.select && (
          <td role="cell" class="lk-select">
            <label class="pick">
              <input type="checkbox" checked={selected} aria-label={t("lists.select", { title: titleOf(title, t) })}
                onChange={(event) => events.select(row.id, event.currentTarget.checked)} />
            </label>
          </td>
        )}
        <th role="rowheader" scope="row" class="lk-file">
          <div class="name"><FileIcon title={title ?? ""} mediaType={null} /><div><FileCell {...props} /><PageLine {...props} /></div></div>
        </th>
        {look.owner && <td role="cell" class="lk-owner" data-label={t("lists.column.owner")}>{isHeld(lock) ? <Owner lock={lock} voice={voice} /> : null}</td>}
        <td role="cell" class="lk-state"><StateCell {...props} /></td>
        <td role="cell" class="lk-since" data-label={t("lists.column.since")}><Since {...props} /></td>
        <td role="cell" class="lk-ends" data-label={t("lists.column.ends")}><Ends {...props} /></td>
        <td role="cell" class="lk-actions"><RowButtons {...shared} /></td>
      </tr>
      {below && (
        <tr role="row" class="below" aria-rowindex={number + 1}>
          <td role="cell" colSpan={columnsOf(look)} aria-colspan={columnsOf(look)}>
            <Requests {...{ title: titleOf(title, t), lock, voice, working }} isOpen={(asked) => sameForm(form, asked)} onForm={open}
              onHandOver={(accountId) => act({ kind: "handOver", accountId, reason: null })} />
            <RowProblem {...props} />
            {form !== null && <WordsForm {...props} form={form} key={JSON.stringify(form)} />}
          </td>
        </tr>
      )}
    </>
  );
}

function columnsOf({ owner, select }: Look): number {
  return 5 + Number(owner) + Number(select);
}

/** Rendered only when its properties changed: a refresh of 1,000 equal rows renders nothing. */
export const LockRow = memo(Row);
