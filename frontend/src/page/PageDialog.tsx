/** The page dialog: all attachments of one page with their locks. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Attachment } from "../api";
import { AttachmentTable } from "./AttachmentTable";
import type { RowEvents } from "./AttachmentRow";
import { keepFocus } from "./focus";
import { Icon } from "../ui/Icon";
import { Blank, Failed, Loading } from "../ui/States";
import type { FormKind } from "./RowActions";
import { choose, EVERYTHING, type Choice } from "./rows";
import type { PageState, PageStore } from "./store";
import { Toolbar } from "./Toolbar";
import { problemWords } from "../problems";
import type { Voice } from "../voice";
import { accessProblemWords, noticeWords, outcomeWords } from "./words";

interface Props {
  readonly store: PageStore;
  readonly voice: Voice;
  /** Milliseconds of the clock that the store uses. */
  readonly now: () => number;
  readonly onClose: () => void;
  readonly download: (row: Attachment) => void;
}

function useStore(store: PageStore): PageState {
  const [state, setState] = useState(store.get);
  useEffect(() => {
    setState(store.get());
    return store.subscribe(() => setState(store.get()));
  }, [store]);
  return state;
}

function Notices({ state, store, voice }: Pick<Props, "store" | "voice"> & { readonly state: PageState }) {
  const { t } = voice;
  return (
    <div class="notices" role="status" aria-live="polite">
      {state.notices.map((notice) => (
        <div key={notice.id} class={notice.kind === "lost" ? "notice warning" : "notice success"}>
          <Icon name={notice.kind === "lost" ? "warning" : "free"} />
          <span>{noticeWords(notice, voice)}</span>
          <button type="button" class="button plain icon-only" aria-label={t("notice.dismiss")}
            onClick={() => store.dismissNotice(notice.id)}><Icon name="close" /></button>
        </div>
      ))}
    </div>
  );
}

function StaleLine({ state, voice: { t, formats } }: { readonly state: PageState; readonly voice: Voice }) {
  if (state.problem === null || state.serverTime === null) return null;
  const reason = problemWords(state.problem, t);
  return (
    <p class="notice warning" role="status">
      <Icon name="warning" />
      <span>{t("page.stale", { time: formats.moment(state.serverTime), reason })}</span>
    </p>
  );
}

function AccessLine({ state, store, voice: { t } }: Pick<Props, "store" | "voice"> & { readonly state: PageState }) {
  if (!state.rows.some((row) => row.lock.can.giveAccess)) return null;
  const { givingAccess, accessProblem } = state;
  return (
    <div class="notice warning" role="status" aria-busy={givingAccess}>
      <Icon name="warning" />
      <span>{t("access.needed")} {accessProblem === null ? t("access.why") : accessProblemWords(accessProblem, t)}</span>
      <button type="button" class="button" aria-disabled={givingAccess} onClick={() => { void store.giveAccess(); }}>
        {t("access.give")}
      </button>
    </div>
  );
}

function Empty({ active, voice: { t } }: Pick<Props, "voice"> & { readonly active: boolean }) {
  return (
    <Blank title={t(active ? "page.empty.title" : "page.inactive.title")} hint={t(active ? "page.empty.hint" : "page.inactive.hint")} />
  );
}

function NoMatch({ voice: { t }, onReset }: Pick<Props, "voice"> & { readonly onReset: () => void }) {
  return (
    <div class="blank" role="status">
      <h2>{t("page.noMatch.title")}</h2>
      <p>{t("page.noMatch.hint")}</p>
      <button type="button" class="button" onClick={onReset}>{t("page.noMatch.reset")}</button>
    </div>
  );
}

/** Open forms by row; they stay open during a refresh. */
function useForms() {
  const [forms, setForms] = useState<ReadonlyMap<string, FormKind>>(new Map());
  const openForm = (id: string, kind: FormKind | null): void => {
    setForms((now) => {
      const next = new Map(now);
      if (kind === null) next.delete(id);
      else next.set(id, kind);
      return next;
    });
  };
  return { forms, openForm };
}

function List(props: Props & { readonly state: PageState; readonly restoreFocus: () => void }) {
  const { state, store, voice, now, download, restoreFocus } = props;
  useLayoutEffect(restoreFocus);
  const [choice, setChoice] = useState<Choice>(EVERYTHING);
  const { forms, openForm } = useForms();
  const rows = useMemo(() => choose(state.rows, choice, voice.locale), [state.rows, choice, voice.locale]);
  const events = useMemo<RowEvents>(() => ({
    act: (row, action) => store.act(row, action),
    openForm,
    dismissProblem: (id) => store.dismissProblem(id),
    download,
  }), [store, download]);
  if (state.rows.length === 0) return <Empty active={state.active} voice={voice} />;
  const all = state.rows.length;
  const { t } = voice;
  const ageSeconds = Math.floor((now() - state.receivedAt) / 60_000) * 60;
  return (
    <>
      <Toolbar choice={choice} voice={voice} onChange={setChoice} />
      <p class="count" role="status">
        {rows.length === all ? t("page.count", { count: all }) : t("page.countOf", { shown: rows.length, count: all })}
      </p>
      {rows.length === 0
        ? <NoMatch voice={voice} onReset={() => setChoice({ ...choice, query: "", filter: "all" })} />
        : <AttachmentTable {...{ rows, state, voice, ageSeconds, forms, events }} choice={choice}
            onSort={(sort) => setChoice({ ...choice, sort })} />}
    </>
  );
}

export function PageDialog(props: Props) {
  const { store, onClose } = props;
  const state = useStore(store);
  const me = state.viewer?.accountId ?? null;
  const voice = useMemo<Voice>(() => ({ ...props.voice, me }), [props.voice, me]);
  const { t } = voice;
  const main = useRef<HTMLElement>(null);
  const focus = useMemo(() => keepFocus(), []);
  useEffect(() => (main.current === null ? undefined : focus.watch(main.current)), [focus]);
  useLayoutEffect(() => focus.restore());
  return (
    <main class="page" ref={main}>
      <header class="top">
        <h1 tabIndex={-1}>{t("page.title")}</h1>
        <button type="button" class="button plain icon-only" aria-label={t("page.close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <Notices {...{ state, store, voice }} />
      <StaleLine state={state} voice={voice} />
      <AccessLine {...{ state, store, voice }} />
      {state.active && state.viewer !== null && !state.viewer.mayEdit && <p class="notice info"><Icon name="info" /><span>{t("page.readOnly")}</span></p>}
      {state.phase === "loading" && <Loading text={t("page.loading")} />}
      {state.phase === "failed" && <Failed title={t("page.failed.title")} problem={state.problem} t={t} onRetry={() => { void store.refresh(); }} />}
      {state.phase === "ready" && <List {...props} voice={voice} state={state} restoreFocus={focus.restore} />}
      <p class="outcome" role="status" aria-live="polite">
        {state.outcome !== null && <span key={state.outcome.id}><Icon name="done" />{outcomeWords(state.outcome, t)}</span>}
      </p>
      <footer class="foot"><Icon name="info" /><span>{t("page.native")}</span></footer>
    </main>
  );
}
