/** What every panel with settings has around its rows: its states, the bar to save, and what to do when two admins collide. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import "../messages/parts/settings";
import { problemWords } from "../problems";
import { Icon } from "../ui/Icon";
import type { NameBook } from "../ui/nameBook";
import { Blank, Failed, Loading } from "../ui/States";
import type { Voice } from "../voice";
import { Collision } from "./Collision";
import { shortens } from "./rules";
import type { SettingsState, SettingsStore, Source } from "./store";
import { formOf, type Form } from "./useStore";

interface Words {
  readonly title: string;
  readonly hint: string;
}

interface Props<A> {
  readonly store: SettingsStore<A>;
  readonly state: SettingsState<A>;
  readonly voice: Voice;
  readonly book: NameBook;
  readonly source: Source<A>;
  /** The site inherits nothing. */
  readonly site: boolean;
  readonly forbidden: Words;
  readonly gone?: Words;
  /** Whether saving makes sense without a change. */
  readonly stale?: (answer: A) => boolean;
  readonly children: (form: Form, answer: A) => ComponentChildren;
}

function NotShown<A>({ store, state, voice: { t }, forbidden, gone }: Props<A>) {
  const { problem, loading } = state;
  if (problem?.code === "forbidden") return <Blank {...forbidden} />;
  if (problem?.code === "not_found" && gone !== undefined) return <Blank {...gone} />;
  if (loading) return <Loading text={t("settings.loading")} />;
  return <Failed title={t("settings.failed")} problem={problem} t={t} onRetry={() => void store.load()} />;
}

function barWords({ changed, wrong, problem, saving }: SettingsState<unknown>, { t }: Voice): string {
  const faults = Object.keys(wrong).length;
  if (saving) return t("settings.saving");
  if (faults > 0) return t("settings.wrong", { count: faults });
  if (problem !== null) return problemWords(problem, t);
  return changed.length > 0 ? t("settings.unsaved", { count: changed.length }) : "";
}

function SaveBar({ state, voice, anyway, shorter, onSave, onDiscard }: {
  readonly state: SettingsState<unknown>;
  readonly voice: Voice;
  readonly anyway: boolean;
  /** Whether saving ends running locks sooner. */
  readonly shorter: boolean;
  readonly onSave: () => void;
  readonly onDiscard: () => void;
}) {
  const { t } = voice;
  const { changed, problem, wrong, saving } = state;
  if (changed.length === 0 && problem === null && !anyway) return null;
  const bad = problem !== null || Object.keys(wrong).length > 0;
  return (
    <div class="save-bar">
      <p class="bar-warning" role="status">{shorter && <><Icon name="warning" /><span>{t("settings.shorter")}</span></>}</p>
      <p role={bad ? "alert" : "status"} class={bad ? "bar-problem" : ""}>{bad && <Icon name="warning" />}{barWords(state, voice)}</p>
      <div class="buttons">
        {changed.length > 0 && <button type="button" class="button plain" disabled={saving} onClick={onDiscard}>{t("settings.discard")}</button>}
        <button type="submit" class="button primary" aria-disabled={saving} onClick={onSave}>{t("settings.save")}</button>
      </div>
    </div>
  );
}

/** The result of the last save, read out once. */
function Outcome({ saved, voice: { t } }: { readonly saved: number; readonly voice: Voice }) {
  return (
    <div class="outcome" role="status">
      {saved > 0 && <span key={saved}><Icon name="done" />{t("settings.saved")}</span>}
    </div>
  );
}

function Shown<A>(props: Props<A> & { readonly answer: A }) {
  const { store, state, voice, book, source, site, stale, answer, children } = props;
  const place = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (state.saved > 0) place.current?.focus(); // The button that had the focus is gone.
  }, [state.saved]);
  const form = formOf({ store, state, voice, book, base: source.values(answer), inherited: site ? null : source.inherited(answer) });
  const save = (): void => {
    if (Object.keys(state.wrong).length > 0) place.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
    else void store.save();
  };
  const discard = (): void => {
    store.discard();
    place.current?.focus();
  };
  return (
    <form ref={place} class="settings" noValidate tabIndex={-1} aria-busy={state.saving} onSubmit={(event) => event.preventDefault()}>
      {children(form, answer)}
      <SaveBar state={state} voice={voice} shorter={shortens(form.before, form.after)} anyway={stale?.(answer) ?? false} onSave={save} onDiscard={discard} />
    </form>
  );
}

function Differing<A>({ store, state, voice, book, source, site }: Props<A>) {
  const { collision, saving } = state;
  if (collision === null) return null;
  const saveChoice = (): void => {
    store.settle();
    void store.save();
  };
  return (
    <Collision collision={collision} inherited={site ? null : source.inherited(collision.newest)} voice={voice} book={book} saving={saving}
      onChoose={(name, side) => store.choose(name, side)} onSave={saveChoice} onEdit={() => store.settle()} />
  );
}

export function SettingsPanel<A>(props: Props<A>) {
  const { state, voice } = props;
  if (state.answer === null) return <NotShown {...props} />;
  return (
    <>
      {state.collision === null ? <Shown {...props} answer={state.answer} /> : <Differing {...props} />}
      <Outcome saved={state.saved} voice={voice} />
    </>
  );
}
