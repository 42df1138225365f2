/** The table: column heads that sort, and the rows near the view. */
import { useEffect, useRef } from "preact/hooks";
import type { Attachment } from "../api";
import { SortHead } from "../ui/SortHead";
import { useReach } from "../ui/useReach";
import { AttachmentRow, type RowEvents } from "./AttachmentRow";
import type { Form } from "./offers";
import { isHeld, type Choice, type Sort, type SortKey } from "./rows";
import { viewerMayEdit, type PageState } from "./store";
import type { Upload } from "./uploads";
import type { Voice } from "../voice";
import { leftWords } from "./words";

interface Props {
  readonly rows: readonly Attachment[];
  readonly state: PageState;
  readonly voice: Voice;
  readonly ageSeconds: number;
  /** What the viewer searches, filters and sorts by. */
  readonly choice: Choice;
  readonly onSort: (sort: Sort) => void;
  readonly selected: ReadonlySet<string>;
  readonly onSelectAll: () => void;
  readonly uploads: ReadonlyMap<string, Upload>;
  readonly forms: ReadonlyMap<string, Form>;
  readonly events: RowEvents;
}

const HEADS: readonly { readonly key: SortKey; readonly look: string }[] = [
  { key: "name", look: "cell-name" },
  { key: "type", look: "cell-type wide-only" },
  { key: "size", look: "cell-size wide-only" },
  { key: "state", look: "cell-state" },
  { key: "owner", look: "cell-owner wide-only" },
  { key: "since", look: "cell-since" },
  { key: "endsIn", look: "cell-ends" },
  { key: "waiting", look: "cell-waiting" },
];

function SelectAll({ rows, selected, voice: { t }, onSelectAll }: Props) {
  const box = useRef<HTMLInputElement>(null);
  const count = rows.filter(({ id }) => selected.has(id)).length;
  const all = count > 0 && count === rows.length;
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = count > 0 && !all;
  });
  return (
    <th role="columnheader" scope="col" class="cell-select">
      <label class="pick">
        <input ref={box} type="checkbox" checked={all} aria-label={t("file.selectAll")} onChange={onSelectAll} />
        <span class="cards-only" aria-hidden="true">{t("file.selectAll")}</span>
      </label>
    </th>
  );
}

function Head(props: Props) {
  const { choice: { sort }, onSort, voice: { t } } = props;
  return (
    <thead role="rowgroup">
      <tr role="row">
        <SelectAll {...props} />
        {HEADS.map(({ key, look }) => (
          <SortHead key={key} look={look} text={t(`column.${key}`)}
            direction={sort.key === key ? (sort.descending ? "descending" : "ascending") : "none"}
            onSort={(descending) => onSort({ key, descending })} />
        ))}
        <th role="columnheader" scope="col" class="cell-actions">{t("column.actions")}</th>
      </tr>
    </thead>
  );
}

export function AttachmentTable(props: Props) {
  const { rows, state, voice, ageSeconds, choice, selected, uploads, forms, events } = props;
  const { reach, end } = useReach<HTMLTableRowElement>(rows.length, choice);
  return (
    <table role="table" class="files" aria-label={voice.t("page.title")} aria-rowcount={rows.length + 1}>
      <Head {...props} />
      <tbody role="rowgroup">
        {rows.slice(0, reach).map((row) => (
          <AttachmentRow key={row.id} row={row} voice={voice} mayEdit={viewerMayEdit(state)} events={events} selected={selected.has(row.id)}
            left={isHeld(row.lock) ? leftWords(row.lock, ageSeconds, voice) : ""}
            working={state.working.has(row.id)} problem={state.rowProblems.get(row.id) ?? null}
            upload={uploads.get(row.id) ?? null} form={forms.get(row.id) ?? null} />
        ))}
        {rows.length > reach && <tr ref={end} role="row" class="more"><td role="cell" /></tr>}
      </tbody>
    </table>
  );
}
