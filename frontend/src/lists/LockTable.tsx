/** The table of locks: heads that sort where the server can, and the rows near the view; near its end the next part is loaded. */
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { LockSort } from "../api";
import type { MessageKey } from "../messages";
import { Icon } from "../ui/Icon";
import { GapRow, gapKey } from "../ui/GapRow";
import { useWindow } from "../ui/useWindow";
import { tableRows } from "../ui/windowed";
import type { Voice } from "../voice";
import { hasBelow, LockRow, type Look, type RowEvents } from "./LockRow";
import type { RowForm } from "./RowButtons";
import { isUnanswered, type ListRow, type ListState } from "./store";

interface Props {
  readonly state: ListState;
  readonly look: Look;
  readonly voice: Voice;
  readonly moment: number;
  readonly forms: ReadonlyMap<string, RowForm>;
  readonly events: RowEvents;
  readonly onSort: (sort: LockSort) => void;
  readonly onSelectAll: (on: boolean) => void;
  readonly onMore: () => void;
}

type SortName = "expires" | "since";

interface Head {
  readonly key: string;
  readonly text: MessageKey & `lists.column.${string}`;
  readonly sort?: SortName;
}

function headsOf({ owner }: Look): readonly Head[] {
  const heads: (Head | false)[] = [
    { key: "file", text: "lists.column.file" },
    owner && { key: "owner", text: "lists.column.owner" },
    { key: "state", text: "lists.column.state" },
    { key: "since", text: "lists.column.since", sort: "since" },
    { key: "ends", text: "lists.column.ends", sort: "expires" },
  ];
  return heads.filter((head) => head !== false);
}

function SortHead({ head: { key, text, sort }, props: { state, voice: { t }, onSort } }: { readonly head: Head; readonly props: Props }) {
  if (sort === undefined) return <th role="columnheader" scope="col" class={`lk-${key}`}>{t(text as "lists.column.file")}</th>;
  const chosen = state.question.sort.endsWith(sort);
  const down = state.question.sort.startsWith("-");
  return (
    <th role="columnheader" scope="col" class={`lk-${key}`} aria-sort={chosen ? (down ? "descending" : "ascending") : "none"}>
      <button type="button" class="sorter" onClick={() => onSort(chosen && !down ? `-${sort}` : sort)}>
        {t(text as "lists.column.file")}
        {chosen && <Icon name={down ? "down" : "up"} />}
      </button>
    </th>
  );
}

function SelectAll({ state, voice: { t }, onSelectAll }: Props) {
  const box = useRef<HTMLInputElement>(null);
  const all = state.rows.length > 0 && state.selected.size === state.rows.length;
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = state.selected.size > 0 && !all;
  });
  return (
    <th role="columnheader" scope="col" class="lk-select">
      <label class="pick">
        <input ref={box} type="checkbox" checked={all} aria-label={t("lists.selectAll")}
          onChange={(event) => onSelectAll(event.currentTarget.checked)} />
      </label>
    </th>
  );
}

const MINUTE_MS = 60_000;

export function LockTable(props: Props) {
  const { state, look, voice, moment, forms, events, onMore } = props;
  const { t } = voice;
  const { rows } = state;
  const ids = useMemo(() => rows.map(({ id }) => id), [rows]);
  // What a viewer asked to look for further is not looked for on and on without them.
  const { body, parts } = useWindow({ ids, question: state.answered, keeps: (id) => forms.has(id), onEnd: onMore });
  const below = ({ id }: ListRow) => ({ problem: state.rowProblems.get(id) ?? null, form: forms.get(id) ?? null });
  const numbers = tableRows(rows.map((row) => hasBelow({ row, voice, ...below(row) })));
  const drawn = (row: ListRow, number: number) => (
    <LockRow key={row.id} {...{ row, number, look, voice, events }} selected={state.selected.has(row.id)}
      ageSeconds={Math.floor(Math.max(0, moment - row.at) / MINUTE_MS) * 60} working={state.working.has(row.id)} {...below(row)} />
  );
  return (
    <>
      <table role="table" class="locks" aria-label={t("lists.caption")} aria-rowcount={state.nextCursor === null ? numbers.count : -1}
        aria-busy={isUnanswered(state)}>
        <thead role="rowgroup">
          <tr role="row">
            {look.select && <SelectAll {...props} />}
            {headsOf(look).map((head) => <SortHead key={head.key} head={head} props={props} />)}
            <th role="columnheader" scope="col" class="lk-actions">{t("lists.column.actions")}</th>
          </tr>
        </thead>
        <tbody role="rowgroup" ref={body}>
          {parts.map((part) => {
            if (typeof part !== "number") return <GapRow key={gapKey(part)} gap={part} />;
            const row = rows[part];
            return row === undefined ? null : drawn(row, numbers.of[part] ?? 0);
          })}
        </tbody>
      </table>
      <div class="lk-end">
        {state.nextCursor !== null && (
          <button type="button" class="button" aria-disabled={state.loadingMore} onClick={onMore}>
            {t(state.loadingMore ? "lists.moreLoading" : "lists.more")}
          </button>
        )}
      </div>
    </>
  );
}
