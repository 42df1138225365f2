/** A list of locks across pages: tools, bulk acts, rows, and every state in between. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import "../messages/parts/lists";
import "../messages/parts/locks";
import "../styles/lists.css";
import type { LockScope } from "../api";
import { keepFocus } from "../page/focus";
import { problemWords } from "../problems";
import { Icon } from "../ui/Icon";
import type { PanelProps } from "../ui/panel";
import { Blank, Failed, Loading } from "../ui/States";
import type { Voice } from "../voice";
import { BulkBar } from "./BulkBar";
import type { Look, RowEvents } from "./LockRow";
import { LockTable } from "./LockTable";
import type { RowForm } from "./RowButtons";
import { EVERYTHING, isUnanswered, type ListState, type ListStore } from "./store";
import { Tools } from "./Tools";
import { useLockList, useMinutes } from "./useLockList";
import { outcomeWords } from "./words";

interface Props {
  readonly place: PanelProps;
  readonly scope: LockScope;
  /** What is shown where nothing is locked at all. */
  readonly empty: { readonly title: string; readonly hint: string };
}

/** Open forms by row; they stay open during a refresh. */
function useForms() {
  const [forms, setForms] = useState<ReadonlyMap<string, RowForm>>(new Map());
  const openForm = (id: string, form: RowForm | null): void => {
    setForms((now) => {
      const next = new Map(now);
      if (form === null) next.delete(id);
      else next.set(id, form);
      return next;
    });
  };
  return { forms, openForm };
}

function Stale({ state, voice: { t, formats } }: { readonly state: ListState; readonly voice: Voice }) {
  if (state.problem === null || state.serverTime === null) return null;
  return (
    <p class="notice warning" role="status">
      <Icon name="warning" />
      <span>{t("lists.stale", { time: formats.moment(state.serverTime), reason: problemWords(state.problem, t) })}</span>
    </p>
  );
}

function countWords(state: ListState, { t }: Voice): string {
  const { rows, nextCursor } = state;
  if (isUnanswered(state)) return t(state.problem === null ? "lists.searching" : "lists.unanswered");
  return t(nextCursor === null ? "lists.count" : "lists.countMore", { count: rows.length });
}

function Count({ state, store, voice }: { readonly state: ListState; readonly store: ListStore; readonly voice: Voice }) {
  return (
    <div class="lk-count">
      <p class="count" role="status">{countWords(state, voice)}</p>
      <button type="button" class="button link" onClick={() => { void store.refresh(); }}>{voice.t("lists.refresh")}</button>
    </div>
  );
}

function Nothing({ state, store, empty, voice: { t } }: Pick<Props, "empty"> & { readonly state: ListState; readonly store: ListStore; readonly voice: Voice }) {
  if (state.nextCursor !== null) {
    return (
      <Blank title={t("lists.looked.title")} hint={t("lists.looked.hint")}>
        <button type="button" class="button" aria-disabled={state.loadingMore} onClick={() => { void store.more(); }}>
          {t(state.loadingMore ? "lists.searching" : "lists.looked.more")}
        </button>
      </Blank>
    );
  }
  const { text, state: filter } = state.question;
  if (text.trim() === "" && filter === null) return <Blank {...empty} />;
  return (
    <Blank title={t("lists.noMatch.title")} hint={t("lists.noMatch.hint")}>
      <button type="button" class="button" onClick={() => { void store.ask({ ...state.question, text: "", state: EVERYTHING.state }); }}>
        {t("lists.noMatch.reset")}
      </button>
    </Blank>
  );
}

function Refused({ scope, voice: { t } }: { readonly scope: LockScope; readonly voice: Voice }) {
  return <Blank title={t("lists.forbidden.title")} hint={t(scope === "site" ? "lists.forbidden.site" : "lists.forbidden.space")} />;
}

function useEvents(store: ListStore, openForm: RowEvents["openForm"]): RowEvents {
  return useMemo(() => ({
    act: (row, action) => store.act(row, action),
    openForm,
    dismissProblem: (id) => store.dismissProblem(id),
    select: (id, on) => store.select([id], on),
  }), [store]);
}

function Rows({ state, store, scope, voice }: { readonly state: ListState; readonly store: ListStore; readonly scope: LockScope; readonly voice: Voice }) {
  const moment = useMinutes();
  const { forms, openForm } = useForms();
  const events = useEvents(store, openForm);
  const look = useMemo<Look>(() => ({ owner: scope !== "mine", select: scope !== "waiting" }), []);
  const more = useMemo(() => (): void => { void store.more(); }, [store]);
  return (
    <LockTable {...{ state, look, voice, moment, forms, events }} onMore={more}
      onSort={(sort) => { void store.ask({ ...state.question, sort }); }}
      onSelectAll={(on) => store.select(state.rows.map(({ id }) => id), on)} />
  );
}

/** Keep the keyboard's place while rows change. */
function useKeptFocus() {
  const root = useRef<HTMLElement>(null);
  const focus = useMemo(() => keepFocus(), []);
  useEffect(() => (root.current === null ? undefined : focus.watch(root.current)), [focus]);
  useLayoutEffect(() => focus.restore());
  return root;
}

export function LockList({ place, scope, empty }: Props) {
  const { store, state, api } = useLockList(place.client, scope, place.filter ?? null);
  const root = useKeptFocus();
  const voice = useMemo<Voice>(() => ({ ...place.voice, me: state.me }), [place.voice, state.me]);
  const { t } = voice;
  const ask = (question: ListState["question"]): void => { void store.ask(question); };
  if (state.problem?.code === "forbidden" && state.rows.length === 0) return <Refused scope={scope} voice={voice} />;
  return (
    <section ref={root} class="lock-list" aria-label={t("lists.caption")}>
      {state.phase === "loading" && <Loading text={t("lists.loading")} />}
      {state.phase === "failed" && <Failed title={t("lists.failed")} problem={state.problem} t={t} onRetry={() => { void store.refresh(); }} />}
      {state.phase === "ready" && (
        <>
          <Tools {...{ scope, voice, api }} question={state.question} onAsk={ask} />
          <Stale state={state} voice={voice} />
          {!state.searchedAll && <p class="notice info" role="status"><Icon name="info" /><span>{t("lists.notSearchedAll")}</span></p>}
          <BulkBar {...{ store, state, voice }} />
          <Count {...{ state, store, voice }} />
          {state.rows.length === 0 && !isUnanswered(state) ? <Nothing {...{ state, store, empty, voice }} /> : <Rows {...{ state, store, scope, voice }} />}
        </>
      )}
      <p class="outcome" role="status" aria-live="polite">
        {state.outcome !== null && <span key={state.outcome.id}><Icon name="done" />{outcomeWords(state.outcome, t)}</span>}
      </p>
    </section>
  );
}
