/** Who asks for a file: the owner hands it over or declines, who asked sees what came of it. */
import type { EditRequest, LockView } from "../api";
import { Avatar } from "../ui/Avatar";
import { nameOf, type Voice } from "../voice";

/** A form about one of those who ask. */
export interface Answer {
  readonly kind: "decline" | "handOver";
  readonly accountId: string;
}

interface Props {
  /** As it is called on the screen. */
  readonly title: string;
  readonly lock: LockView;
  readonly voice: Voice;
  readonly working: boolean;
  /** Whether a form about this request is open. */
  readonly isOpen: (form: Answer) => boolean;
  readonly onHandOver: (accountId: string) => void;
  readonly onForm: (form: Answer) => void;
}

/** Return the requests that are open, and the viewer's own whatever came of it. */
export function requestsShown(lock: LockView, me: string | null): readonly EditRequest[] {
  return lock.requests.filter(({ person, declinedAt }) => declinedAt === null || person.accountId === me);
}

function Quote({ text }: { readonly text: string | null }) {
  return text === null || text === "" ? null : <q>{text}</q>;
}

function Words({ lock, voice, request }: Props & { readonly request: EditRequest }) {
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

function Answers(props: Props & { readonly request: EditRequest }) {
  const { title, lock: { can, state }, voice: { t }, working, request: { person }, isOpen, onHandOver, onForm } = props;
  const { accountId } = person;
  const name = nameOf(person, t);
  const opens = (kind: Answer["kind"]) => ({ "data-opens": kind, "aria-expanded": isOpen({ kind, accountId }) });
  // Whoever is not the owner gives a reason.
  const asksWhy = state !== "mine";
  const handOver = (): void => (asksWhy ? onForm({ kind: "handOver", accountId }) : onHandOver(accountId));
  return (
    <span class="buttons">
      {can.handOver && (
        <button type="button" class="button" aria-disabled={working} {...(asksWhy ? opens("handOver") : {})} aria-label={t("action.handOver.label", { title, name })}
          onClick={() => { if (!working) handOver(); }}>{t("action.handOver")}</button>
      )}
      {can.decline && (
        <button type="button" class="button plain" aria-disabled={working} {...opens("decline")} aria-label={t("action.decline.label", { title, name })}
          onClick={() => { if (!working) onForm({ kind: "decline", accountId }); }}>{t("action.decline")}</button>
      )}
    </span>
  );
}

export function Requests(props: Props) {
  const { lock, voice: { me } } = props;
  const shown = requestsShown(lock, me);
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
