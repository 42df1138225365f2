/** The table: column heads that sort, and the rows near the view. */
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Attachment } from "../api";
import { SortHead } from "../ui/SortHead";
import { GapRow, gapKey } from "../ui/GapRow";
import { useWindow } from "../ui/useWindow";
import { tableRows } from "../ui/windowed";
import { AttachmentRow, hasBelow, type RowEvents } from "./AttachmentRow";
import type { Form } from "./offers";
import { isHeld, type Choice, type Sort, type SortKey } from "./rows";
import { viewerMayEdit, type PageState } from "./store";
import type { Upload } from "./uploads";
import type { Voice } from "../voice";
import { leftWords } from "./lockWords";

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
  { key: "waiting", look: "cell-waiting wide-only" },
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
  const ids = useMemo(() => rows.map(({ id }) => id), [rows]);
  const { body, parts } = useWindow({ ids, question: choice, keeps: (id) => forms.has(id) });
  const below = ({ id }: Attachment) => ({ problem: state.rowProblems.get(id) ?? null, upload: uploads.get(id) ?? null, form: forms.get(id) ?? null });
  const numbers = tableRows(rows.map((row) => hasBelow({ row, voice, ...below(row) })));
  const drawn = (row: Attachment, number: number) => (
    <AttachmentRow key={row.id} {...{ row, number, voice, events }} mayEdit={viewerMayEdit(state)} selected={selected.has(row.id)}
      left={isHeld(row.lock) ? leftWords(row.lock, ageSeconds, voice) : ""} working={state.working.has(row.id)} {...below(row)} />
  );
  return (
    <table role="table" class="files" aria-label={voice.t("page.title")} aria-rowcount={numbers.count}>
      <Head {...props} />
      <tbody role="rowgroup" ref={body}>
        {parts.map((part) => {
          if (typeof part !== "number") return <GapRow key={gapKey(part)} gap={part} />;
          const row = rows[part];
          return row === undefined ? null : drawn(row, numbers.of[part] ?? 0);
        })}
      </tbody>
    </table>
  );
}
