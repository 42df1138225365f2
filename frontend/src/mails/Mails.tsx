/** The texts of mails: choose one, write it, see it, try it. */
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import "../messages/parts/mails";
import "../styles/site.css";
import { templatesApi, type Template, type TemplatesApi } from "../api";
import { problemWords } from "../problems";
import { Confirm } from "../ui/Confirm";
import { Icon } from "../ui/Icon";
import type { PanelProps } from "../ui/panel";
import { Blank, Failed, Loading } from "../ui/States";
import { useUnsaved } from "../ui/unsaved";
import type { Voice } from "../voice";
import { Choice } from "./Choice";
import { Editor } from "./Editor";
import { FIRST_MAIL } from "./groups";
import { firstLanguage } from "./languages";
import { PreviewPane } from "./PreviewPane";
import { draftKey, templateOf, TextsStore, textOf, type TextsState } from "./store";
import { TestMail } from "./TestMail";
import { TextCollision } from "./TextCollision";
import { usePreview } from "./usePreview";

function useTexts(api: TemplatesApi, language: string): { readonly store: TextsStore; readonly state: TextsState } {
  const store = useMemo(() => new TextsStore(api, language, FIRST_MAIL), [api]);
  const [state, setState] = useState(store.get);
  useEffect(() => {
    const stop = store.subscribe(() => setState(store.get()));
    void store.load();
    return stop;
  }, [store]);
  useUnsaved(Object.keys(state.drafts).length > 0);
  return { store, state };
}

interface Part {
  readonly store: TextsStore;
  readonly state: TextsState;
  readonly voice: Voice;
}

function Bar({ store, state, voice: { t } }: Part) {
  const { drafts, language, mail, problem, saving, wrong } = state;
  const count = Object.keys(drafts).length;
  const here = drafts[draftKey(language, mail)] !== undefined;
  if (count === 0 && problem === null) return null;
  const bad = problem !== null && wrong.length === 0;
  const words = saving ? t("mails.saving") : bad ? problemWords(problem, t) : count > 0 ? t("mails.unsaved", { count }) : "";
  return (
    <div class="save-bar">
      <p role={bad ? "alert" : "status"} class={bad ? "bar-problem" : ""}>{bad && <Icon name="warning" />}{words}</p>
      <div class="buttons">
        {here && <button type="button" class="button plain" disabled={saving} onClick={() => store.discard()}>{t("mails.discard")}</button>}
        {here && <button type="button" class="button primary" aria-disabled={saving || wrong.length > 0} onClick={() => void store.save()}>{t("mails.save")}</button>}
      </div>
    </div>
  );
}

function Reset({ store, template, voice: { t } }: Pick<Part, "store" | "voice"> & { readonly template: Template }) {
  const [asking, setAsking] = useState(false);
  if (!template.custom) return null;
  const yes = (): void => {
    setAsking(false);
    store.discard();
    void store.reset();
  };
  return (
    <>
      <button type="button" class="button" onClick={() => setAsking(true)}>{t("mails.reset")}</button>
      {asking && <Confirm title={t("mails.reset.title")} text={t("mails.reset.text")} yes={t("mails.reset.yes")} no={t("mails.reset.no")}
        onYes={yes} onNo={() => setAsking(false)} />}
    </>
  );
}

function Writing({ api, store, state, voice, template }: Part & { readonly api: TemplatesApi; readonly template: Template }) {
  const { t } = voice;
  const { language, mail, wrong } = state;
  const text = textOf(state);
  const trial = { language, mail, ...text };
  const mark = useCallback((places: typeof wrong) => store.mark(places), [store]);
  const preview = usePreview(api, trial, mark);
  return (
    <div class="writing">
      <div class="writing-text">
        <h2>{t(`mails.name.${mail}`)}</h2>
        <p><span class={template.custom ? "lozenge own" : "lozenge"}>{t(template.custom ? "mails.own" : "mails.default")}</span></p>
        <Editor template={template} text={text} wrong={wrong} language={language} t={t} onEdit={(change) => store.edit(change)} />
        <div class="buttons">
          <TestMail api={api} trial={trial} disabled={wrong.length > 0} t={t} />
          <Reset store={store} template={template} voice={voice} />
        </div>
      </div>
      <PreviewPane preview={preview} wrong={wrong.length > 0} t={t} />
    </div>
  );
}

function Settling({ store, state, voice: { t } }: Part) {
  const { collision } = state;
  if (collision === null) return null;
  const saveMine = (): void => {
    store.keepMine();
    void store.save();
  };
  return <TextCollision collision={collision} t={t} onTheirs={() => store.takeTheirs()} onMine={saveMine} onEdit={() => store.keepMine()} />;
}

function NotShown({ store, state: { problem, loading }, voice: { t } }: Part) {
  if (problem?.code === "forbidden") return <Blank title={t("site.forbidden.title")} hint={t("site.forbidden.hint")} />;
  if (loading) return <Loading text={t("mails.loading")} />;
  return <Failed title={t("mails.failed")} problem={problem} t={t} onRetry={() => void store.load()} />;
}

export function Mails({ client, voice }: PanelProps) {
  const api = useMemo(() => templatesApi(client), [client]);
  const { store, state } = useTexts(api, firstLanguage(voice.locale));
  const place = useRef<HTMLDivElement>(null);
  const { answer, collision, done } = state;
  const template = templateOf(state);
  const { t } = voice;
  useEffect(() => {
    if (done !== null) place.current?.focus(); // The button that had the focus is gone.
  }, [done]);
  if (answer === null || template === null) return <NotShown store={store} state={state} voice={voice} />;
  return (
    <div ref={place} class="mails" tabIndex={-1} aria-busy={state.loading || state.saving}>
      <p class="settings-hint">{t("mails.hint")}</p>
      {answer.altered && <p class="notice warning" role="status"><Icon name="warning" /><span>{t("mails.altered")}</span></p>}
      <Choice state={state} voice={voice} onLanguage={(language) => void store.load(language)} onMail={(mail) => store.choose(mail)} />
      {collision === null
        ? <Writing key={draftKey(state.language, state.mail)} api={api} store={store} state={state} voice={voice} template={template} />
        : <Settling store={store} state={state} voice={voice} />}
      {collision === null && <Bar store={store} state={state} voice={voice} />}
      <div class="outcome" role="status">
        {done !== null && <span key={done.count}><Icon name="done" />{t(done.what === "saved" ? "mails.saved" : "mails.resetDone")}</span>}
      </div>
    </div>
  );
}
