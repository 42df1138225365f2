/** Who asks for a file, with the way to hand it over. */
import type { RequestModel } from "../api/schema";
import { Avatar } from "../ui/Avatar";
import { nameOf, type Voice } from "../voice";
import { sameForm, type RowForm } from "./RowButtons";
import type { ListRow, RowAction } from "./store";
import { titleOf } from "./titleOf";

interface Props {
  readonly row: ListRow;
  readonly voice: Voice;
  readonly working: boolean;
  readonly form: RowForm | null;
  readonly onAct: (action: RowAction) => void;
  readonly onForm: (form: RowForm) => void;
}

/** Whoever is not the owner gives a reason. */
function handOver({ row, onAct, onForm }: Props, { person }: RequestModel): void {
  const { accountId } = person;
  if (row.file.lock.state === "mine") onAct({ kind: "handOver", accountId, reason: null });
  else onForm({ kind: "handOver", accountId });
}

function Line(props: Props & { readonly request: RequestModel }) {
  const { row: { file }, voice, request, working, form } = props;
  const { t, formats } = voice;
  const name = nameOf(request.person, t);
  const time = formats.moment(request.at);
  const target: RowForm = { kind: "handOver", accountId: request.person.accountId };
  return (
    <li class="lk-request">
      <Avatar person={request.person} />
      <span>
        {t("lists.request", { name, time })}
        {request.message !== null && request.message !== "" && <q>{request.message}</q>}
      </span>
      {file.lock.can.handOver && (
        <button type="button" class="button small" aria-disabled={working}
          {...(file.lock.state === "mine" ? {} : { "aria-expanded": sameForm(form, target), "data-opens": "handOver" })}
          aria-label={t("lists.handOver.label", { title: titleOf(file.title, t), name })}
          onClick={() => { if (!working) handOver(props, request); }}>
          {t("lists.handOver", { name })}
        </button>
      )}
    </li>
  );
}

export function Requests(props: Props) {
  const open = props.row.file.lock.requests.filter(({ declinedAt }) => declinedAt === null);
  if (open.length === 0) return null;
  return <ul class="lk-requests">{open.map((request) => <Line key={request.person.accountId} {...props} request={request} />)}</ul>;
}
