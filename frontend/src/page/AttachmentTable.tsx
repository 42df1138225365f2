/** The table: column heads that sort, and the rows near the view. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Attachment } from "../api";
import { AttachmentRow, COLUMNS, type RowEvents } from "./AttachmentRow";
import { Icon } from "../ui/Icon";
import type { FormKind } from "./RowActions";
import type { Choice, Sort, SortKey } from "./rows";
import type { PageState } from "./store";
import type { Voice } from "../voice";

/** Rows rendered in one step, so that a list of 1,000 opens fast. */
const STEP = 60;
const REACH = "600px";

interface Props {
  readonly rows: readonly Attachment[];
  readonly state: PageState;
  readonly voice: Voice;
  readonly ageSeconds: number;
  /** What the viewer searches, filters and sorts by. */
  readonly choice: Choice;
  readonly onSort: (sort: Sort) => void;
  readonly forms: ReadonlyMap<string, FormKind>;
  readonly events: RowEvents;
}

const HEADS: readonly { readonly key: SortKey; readonly look: string }[] = [
  { key: "name", look: "cell-name" },
  { key: "type", look: "cell-type wide-only" },
  { key: "size", look: "cell-size wide-only" },
  { key: "state", look: "cell-state" },
  { key: "owner", look: "cell-owner" },
  { key: "since", look: "cell-since" },
  { key: "endsIn", look: "cell-ends" },
  { key: "waiting", look: "cell-waiting" },
];

function Head({ choice: { sort }, onSort, voice: { t } }: Props) {
  return (
    <thead role="rowgroup">
      <tr role="row">
        {HEADS.map(({ key, look }) => {
          const chosen = sort.key === key;
          const direction = sort.descending ? "descending" : "ascending";
          return (
            <th key={key} role="columnheader" scope="col" class={look} aria-sort={chosen ? direction : "none"}>
              <button type="button" class="sorter"
                onClick={() => onSort({ key, descending: chosen && !sort.descending })}>
                {t(`column.${key}`)}
                {chosen && <Icon name={sort.descending ? "down" : "up"} />}
              </button>
            </th>
          );
        })}
        <th role="columnheader" scope="col" class="cell-actions">{t("column.actions")}</th>
      </tr>
    </thead>
  );
}

/** Return how many rows to render: one step, and one more each time the last row comes near the view. */
function useReach(total: number, choice: unknown) {
  const [reach, setReach] = useState(STEP);
  const [drawn, setDrawn] = useState(choice);
  if (drawn !== choice) {
    setDrawn(choice);
    setReach(STEP);
  }
  const end = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (end.current === null) return undefined;
    const watcher = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) setReach((now) => now + STEP);
    }, { rootMargin: REACH });
    watcher.observe(end.current);
    return () => watcher.disconnect();
  }, [reach, total]);
  return { reach, end };
}

export function AttachmentTable(props: Props) {
  const { rows, state, voice, ageSeconds, choice, forms, events } = props;
  const { reach, end } = useReach(rows.length, choice);
  return (
    <table role="table" class="files" aria-label={voice.t("page.title")} aria-rowcount={rows.length + 1}>
      <Head {...props} />
      <tbody role="rowgroup">
        {rows.slice(0, reach).map((row) => (
          <AttachmentRow key={row.id} row={row} voice={voice} ageSeconds={ageSeconds} events={events}
            working={state.working.has(row.id)} problem={state.rowProblems.get(row.id) ?? null}
            form={forms.get(row.id) ?? null} />
        ))}
        {rows.length > reach && <tr ref={end} role="row" class="more"><td role="cell" colSpan={COLUMNS} /></tr>}
      </tbody>
    </table>
  );
}
