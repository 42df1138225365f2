/** The list with its tools: search, filter, order, choice of many, files to upload. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Attachment } from "../api";
import { Icon } from "../ui/Icon";
import { Blank } from "../ui/States";
import type { Voice } from "../voice";
import { AttachmentTable } from "./AttachmentTable";
import type { RowEvents } from "./AttachmentRow";
import { BulkBar, BulkReportLine } from "./BulkBar";
import { useObserved } from "./observed";
import type { Form } from "./offers";
import type { DialogProps } from "./PageDialog";
import { choose, EVERYTHING, type Choice } from "./rows";
import type { PageState } from "./store";
import { Toolbar } from "./Toolbar";

/** Often enough for minutes that tick down in time. */
const TICK_MS = 15_000;

function Empty({ active, voice: { t } }: { readonly active: boolean; readonly voice: Voice }) {
  const key = active ? "empty" : "inactive";
  return <div class="empty"><Icon name={active ? "upload" : "free"} /><Blank title={t(`page.${key}.title`)} hint={t(`page.${key}.hint`)} /></div>;
}

function NoMatch({ voice: { t }, onReset }: { readonly voice: Voice; readonly onReset: () => void }) {
  return (
    <div role="status">
      <Blank title={t("page.noMatch.title")} hint={t("page.noMatch.hint")}>
        <button type="button" class="button" onClick={onReset}>{t("page.noMatch.reset")}</button>
      </Blank>
    </div>
  );
}

/** Open forms by row; they stay open during a refresh. */
function useForms() {
  const [forms, setForms] = useState<ReadonlyMap<string, Form>>(new Map());
  const openForm = (id: string, form: Form | null): void => {
    setForms((now) => {
      const next = new Map(now);
      if (form === null) next.delete(id);
      else next.set(id, form);
      return next;
    });
  };
  return { forms, openForm };
}

/** Return seconds since the rows arrived; they count while nothing else changes. */
function useAge(receivedAt: number, now: () => number): number {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, Math.floor((now() - receivedAt) / 1_000));
}

/** One chooser of files for all rows. */
function usePicker(offer: RowEvents["offer"]) {
  const input = useRef<HTMLInputElement>(null);
  const row = useRef<Attachment | null>(null);
  const pick = (wanted: Attachment): void => {
    row.current = wanted;
    input.current?.click();
  };
  const picked = (): void => {
    const chosen = input.current;
    if (chosen === null || row.current === null) return;
    offer(row.current, { files: [...(chosen.files ?? [])], folder: false });
    chosen.value = ""; // The same file may be chosen again.
  };
  const element = <input ref={input} type="file" class="visually-hidden" tabIndex={-1} aria-hidden="true" onChange={picked} />;
  return { pick, element };
}

/** Stable functions for all rows, so that an unchanged row is not rendered again. */
function useEvents({ store, many, uploads, download, now }: DialogProps, rows: readonly Attachment[]) {
  const { forms, openForm } = useForms();
  const shown = useRef<readonly string[]>([]);
  shown.current = rows.map(({ id }) => id);
  const present = (row: Attachment): Attachment => store.get().rows.find(({ id }) => id === row.id) ?? row;
  const offer: RowEvents["offer"] = (row, given) => { void uploads.offer(present(row), given); };
  const picker = usePicker(offer);
  const events = useMemo<RowEvents>(() => ({
    act: (row, action) => store.act(row, action),
    openForm,
    dismissProblem: (id) => store.dismissProblem(id),
    download,
    select: (id, range) => many.toggle(id, range, shown.current),
    pick: picker.pick,
    offer,
    send: (row, file) => { void uploads.send(present(row), file); },
    dismissUpload: (id) => uploads.dismiss(id),
    now,
  }), [store, many, uploads, download, now]);
  return { events, forms, picker };
}

export function List(props: DialogProps & { readonly state: PageState; readonly restoreFocus: () => void }) {
  const { state, many, uploads, voice, now } = props;
  const [choice, setChoice] = useState<Choice>(EVERYTHING);
  const rows = useMemo(() => choose(state.rows, choice, voice.locale), [state.rows, choice, voice.locale]);
  const { events, forms, picker } = useEvents(props, rows);
  const chosen = useObserved(many);
  const { byRow } = useObserved(uploads);
  useLayoutEffect(() => props.restoreFocus()); // A closed form or an ended act takes the focus with it.
  const ageSeconds = useAge(state.receivedAt, now);
  if (state.rows.length === 0) return <Empty active={state.active} voice={voice} />;
  const bulk = { many, state: chosen, voice, shown: rows };
  return (
    <>
      <Toolbar choice={choice} voice={voice} shown={rows.length} total={state.total} onChange={setChoice} />
      <BulkReportLine {...bulk} />
      <div class="list" data-scrolls>
        {rows.length === 0
          ? <NoMatch voice={voice} onReset={() => setChoice({ ...choice, query: "", filter: "all" })} />
          : <AttachmentTable {...{ rows, state, voice, ageSeconds, forms, events, choice }} selected={chosen.selection.ids} uploads={byRow}
              onSort={(sort) => setChoice({ ...choice, sort })} onSelectAll={() => many.toggleAll(rows.map(({ id }) => id))} />}
      </div>
      <BulkBar {...bulk} />
      {picker.element}
    </>
  );
}
