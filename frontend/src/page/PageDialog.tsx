/** The page dialog: all attachments of one page with their locks. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Attachment } from "../api";
import { Confirm } from "../ui/Confirm";
import { Icon } from "../ui/Icon";
import { Failed } from "../ui/States";
import { useUnsaved } from "../ui/unsaved";
import { problemWords } from "../problems";
import type { Voice } from "../voice";
import { keepFocus } from "./focus";
import { List } from "./List";
import type { ManyFiles } from "./many";
import { useObserved } from "./observed";
import { lockedCount } from "./rows";
import type { PageState, PageStore } from "./store";
import type { Uploads } from "./uploads";
import { keepDropsInside } from "./useDrop";
import { accessProblemWords, noticeWords, outcomeWords } from "./words";

export interface DialogProps {
  readonly store: PageStore;
  readonly many: ManyFiles;
  readonly uploads: Uploads;
  readonly voice: Voice;
  /** Milliseconds of the clock that the store uses. */
  readonly now: () => number;
  readonly onClose: () => void;
  readonly download: (row: Attachment) => void;
}

interface Shown {
  readonly state: PageState;
  readonly store: PageStore;
  readonly voice: Voice;
}

function Notices({ state, store, voice }: Shown) {
  return (
    <div class="notices" role="status" aria-live="polite">
      {state.notices.map((notice) => (
        <div key={notice.id} class={notice.kind === "lost" ? "notice warning" : "notice success"}>
          <Icon name={notice.kind === "lost" ? "warning" : "free"} />
          <span>{noticeWords(notice, voice)}</span>
          <button type="button" class="button plain icon-only" aria-label={voice.t("notice.dismiss")}
            onClick={() => store.dismissNotice(notice.id)}><Icon name="close" /></button>
        </div>
      ))}
    </div>
  );
}

function StaleLine({ state, voice: { t, formats } }: Shown) {
  if (state.phase !== "ready" || state.problem === null || state.serverTime === null) return null;
  const reason = problemWords(state.problem, t);
  return (
    <p class="notice warning" role="status">
      <Icon name="warning" />
      <span>{t("page.stale", { time: formats.moment(state.serverTime), reason })}</span>
    </p>
  );
}

function AccessLine({ state, store, voice: { t } }: Shown) {
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

function ReadOnlyLine({ state, voice: { t } }: Shown) {
  if (!state.active || state.viewer === null || state.viewer.mayEdit) return null;
  return <p class="notice info"><Icon name="info" /><span>{t("page.readOnly")}</span></p>;
}

function Top({ state, voice: { t }, onClose }: Shown & { readonly onClose: () => void }) {
  const { title, phase, rows } = state;
  return (
    <header class="top">
      <div class="top-words">
        <h1 tabIndex={-1}>{title === "" ? t("page.title") : t("page.titleOn", { title })}</h1>
        {phase === "ready" && rows.length > 0 && <p class="subtle">{t("page.locked", { locked: lockedCount(rows), count: rows.length })}</p>}
        {phase === "loading" && rows.length > 0 && <p class="subtle" role="status">{t("page.loadingPart", { shown: rows.length, count: state.total })}</p>}
      </div>
      <button type="button" class="button plain icon-only" aria-label={t("page.close")} onClick={onClose}>
        <Icon name="close" />
      </button>
    </header>
  );
}

const GHOSTS = ["a", "b", "c", "d", "e", "f"];

/** The shape of what comes. */
function Waiting({ text }: { readonly text: string }) {
  return (
    <div class="ghosts" role="status">
      <span class="visually-hidden">{text}</span>
      {GHOSTS.map((name) => <div key={name} class="ghost" aria-hidden="true"><span /><span /><span /></div>)}
    </div>
  );
}

/** Ask before a close cuts off what is on its way; Escape closes, too. */
function useGuard({ uploads, onClose }: DialogProps) {
  useObserved(uploads);
  const [asking, setAsking] = useState(false);
  const busy = uploads.busy();
  useUnsaved(busy);
  const close = (): void => {
    if (uploads.busy()) setAsking(true);
    else onClose();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !busy) return;
    event.preventDefault();
    event.stopPropagation();
    setAsking(true);
  };
  return { asking, close, onKeyDown, stay: () => setAsking(false) };
}

/** Keep the keyboard's place while rows change. */
function useKeptFocus() {
  const main = useRef<HTMLElement>(null);
  const focus = useMemo(() => keepFocus(), []);
  useEffect(() => (main.current === null ? undefined : focus.watch(main.current)), [focus]);
  useLayoutEffect(() => focus.restore());
  return { main, restoreFocus: focus.restore };
}

export function PageDialog(props: DialogProps) {
  const { store } = props;
  const state = useObserved(store);
  const me = state.viewer?.accountId ?? null;
  const voice = useMemo<Voice>(() => ({ ...props.voice, me }), [props.voice, me]);
  const { t } = voice;
  const { main, restoreFocus } = useKeptFocus();
  const guard = useGuard(props);
  useEffect(() => keepDropsInside(document), []);
  const shown: Shown = { state, store, voice };
  const listed = state.phase === "ready" || (state.phase === "loading" && state.rows.length > 0);
  return (
    <main class="page dialog-page" ref={main} onKeyDown={guard.onKeyDown}>
      <Top {...shown} onClose={guard.close} />
      <Notices {...shown} />
      <StaleLine {...shown} />
      <AccessLine {...shown} />
      <ReadOnlyLine {...shown} />
      {state.phase === "loading" && state.rows.length === 0 && <Waiting text={t("page.loading")} />}
      {state.phase === "failed" && <Failed title={t("page.failed.title")} problem={state.problem} t={t} onRetry={() => { void store.refresh(); }} />}
      {listed && <List {...props} {...{ voice, state, restoreFocus }} />}
      <p class="outcome" role="status" aria-live="polite">
        {state.outcome !== null && <span key={state.outcome.id}><Icon name="done" />{outcomeWords(state.outcome, t)}</span>}
      </p>
      <footer class="foot"><Icon name="info" /><span>{t("page.native")}</span></footer>
      {guard.asking && (
        <Confirm title={t("page.leave.title")} text={t("page.leave.text")} yes={t("page.leave.yes")} no={t("page.leave.no")}
          onYes={props.onClose} onNo={guard.stay} />
      )}
    </main>
  );
}
