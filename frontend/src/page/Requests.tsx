/** Who asks for a file: the owner hands it over or declines, who asked sees what came of it. */
import type { EditRequest } from "../api";
import { Avatar } from "../ui/Avatar";
import { nameOf, type Voice } from "../voice";
import type { Attachment } from "../api";
import type { Action } from "./actions";
import type { Form } from "./offers";

interface Props {
  readonly row: Attachment;
  readonly voice: Voice;
  readonly working: boolean;
  readonly onAct: (action: Action) => void;
  readonly onForm: (form: Form) => void;
}

/** Return the requests that are open, and the viewer's own whatever came of it. */
export function requestsShown({ lock }: Attachment, me: string | null): readonly EditRequest[] {
  return lock.requests.filter(({ person, declinedAt }) => declinedAt === null || person.accountId === me);
}

function Quote({ text }: { readonly text: string | null }) {
  return text === null || text === "" ? null : <q>{text}</q>;
}

function Words({ row: { lock }, voice, request }: Props & { readonly request: EditRequest }) {
  const { t, formats, me } = voice;
  const { person, at, message, declinedAt, note } = request;
  const time = formats.moment(at);
  if (person.accountId !== me) return <span>{t("request.other", { name: nameOf(person, t), time })} <Quote text={message} /></span>;
  const owner = nameOf(lock.holder, t);
  return (
    <span>
      {t("request.yours", { name: owner, time })} <Quote text={message} />
      {declinedAt !== null && <> {t("request.declined", { name: owner, time: formats.moment(declinedAt) })} <Quote text={note} /></>}
    </span>
  );
}

/** Whoever is not the owner gives a reason. */
function handOver({ row, onAct, onForm }: Props, accountId: string): void {
  if (row.lock.state === "mine") onAct({ kind: "handOver", accountId, reason: null });
  else onForm({ kind: "handOver", accountId });
}

function Answers(props: Props & { readonly request: EditRequest }) {
  const { row: { title, lock: { can } }, voice: { t }, working, request: { person }, onForm } = props;
  const { accountId } = person;
  const name = nameOf(person, t);
  return (
    <span class="buttons">
      {can.handOver && (
        <button type="button" class="button" aria-disabled={working} data-opens="handOver" aria-label={t("action.handOver.label", { title, name })}
          onClick={() => { if (!working) handOver(props, accountId); }}>{t("action.handOver")}</button>
      )}
      {can.decline && (
        <button type="button" class="button plain" aria-disabled={working} data-opens="decline" aria-label={t("action.decline.label", { title, name })}
          onClick={() => { if (!working) onForm({ kind: "decline", accountId }); }}>{t("action.decline")}</button>
      )}
    </span>
  );
}

export function Requests(props: Props) {
  const { row, voice: { me } } = props;
  const shown = requestsShown(row, me);
  if (shown.length === 0) return null;
  return (
    <ul class="requests">
      {shown.map((request) => (
        <li key={request.person.accountId} class="request">
          <Avatar person={request.person} />
          <Words {...props} request={request} />
          {request.person.accountId !== me && <Answers {...props} request={request} />}
        </li>
      ))}
    </ul>
  );
}
