/** What the author of a macro may choose, as a form in a dialog. Only Forge shows it: on Connect, Confluence itself asks. */
import { render, type ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import "../messages/parts/lists";
import "../messages/parts/locks";
import "../messages/parts/macro";
import "../messages/parts/settings";
import "../styles/app.css";
import "../styles/macro.css";
import { LOCK_SORTS } from "../api/lists";
import type { Host, HostContext } from "../host";
import { Field, useFormKeys } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { voiceFor, type Voice } from "../voice";
import { choiceOf, COLUMNS, MOST_ROWS, OPTIONAL_COLUMNS, parametersOf, SCOPES, USUAL, type Column, type MacroChoice } from "./parameters";

interface Props {
  readonly host: Pick<Host, "close" | "keepParameters">;
  readonly parameters: HostContext["parameters"];
  readonly voice: Voice;
}

interface PartProps {
  readonly choice: MacroChoice;
  readonly onChange: (change: Partial<MacroChoice>) => void;
  readonly voice: Voice;
}

function Choices({ legend, children, look }: { readonly legend: string; readonly children: ComponentChildren; readonly look?: "side-by-side" }) {
  return <fieldset class={look}><legend>{legend}</legend>{children}</fieldset>;
}

/** Columns that are usual stay so when the scope changes; those that the author chose stay, too. */
function Scope({ choice: { scope, columns }, onChange, voice: { t } }: PartProps) {
  const name = useId();
  const usual = columns.join() === USUAL[scope].join();
  return (
    <Choices legend={t("macro.settings.scope")}>
      {SCOPES.map((one) => (
        <label key={one} class="check">
          <input type="radio" name={name} checked={one === scope}
            onChange={() => onChange({ scope: one, ...(usual ? { columns: USUAL[one] } : {}) })} />
          {t(`macro.title.${one}`)}
        </label>
      ))}
    </Choices>
  );
}

function Columns({ choice: { columns }, onChange, voice: { t } }: PartProps) {
  const toggle = (column: Column, on: boolean): void =>
    onChange({ columns: COLUMNS.filter((one) => (one === column ? on : columns.includes(one))) });
  return (
    <Choices legend={t("macro.settings.columns")} look="side-by-side">
      {OPTIONAL_COLUMNS.map((column) => (
        <label key={column} class="check">
          <input type="checkbox" checked={columns.includes(column)} onChange={(event) => toggle(column, event.currentTarget.checked)} />
          {t(`macro.column.${column}`)}
        </label>
      ))}
    </Choices>
  );
}

function Order({ choice: { sort }, onChange, voice: { t } }: PartProps) {
  return (
    <Field label={t("lists.sort")}>
      {(ids) => (
        <select {...ids} value={sort} onChange={(event) => onChange({ sort: LOCK_SORTS[event.currentTarget.selectedIndex] ?? sort })}>
          {LOCK_SORTS.map((one) => <option key={one} value={one}>{t(`lists.sort.${one}`)}</option>)}
        </select>
      )}
    </Field>
  );
}

/** The text is the author's; the browser refuses to submit one that is no number in the range. */
function Rows({ choice: { rows }, onChange, voice: { t } }: PartProps) {
  return (
    <Field label={t("macro.settings.rows")} hint={t("macro.settings.rows.hint", { most: MOST_ROWS })}>
      {(ids) => (
        <input {...ids} class="short" type="number" required min={1} max={MOST_ROWS} step={1} defaultValue={String(rows)}
          onInput={({ currentTarget }) => onChange({ rows: currentTarget.valueAsNumber })} />
      )}
    </Field>
  );
}

export function MacroSettings({ host, parameters, voice }: Props) {
  const { t } = voice;
  const { form, onKeyDown } = useFormKeys(() => host.close());
  const [choice, setChoice] = useState(() => choiceOf(parameters));
  const [state, setState] = useState<"open" | "saving" | "failed">("open");
  const part = { choice, voice, onChange: (change: Partial<MacroChoice>) => setChoice((before) => ({ ...before, ...change })) };
  const save = (event: Event): void => {
    event.preventDefault();
    if (state === "saving") return;
    setState("saving");
    host.keepParameters(parametersOf(choice)).catch(() => setState("failed"));
  };
  return (
    <main class="macro-settings">
      <form ref={form} aria-label={t("macro.settings.title")} onSubmit={save} onKeyDown={onKeyDown}>
        <h1>{t("macro.settings.title")}</h1>
        <Scope {...part} />
        <Columns {...part} />
        <Order {...part} />
        <Rows {...part} />
        <p class="hint wrong" role="status">{state === "failed" && <><Icon name="warning" /> {t("macro.settings.failed")}</>}</p>
        <div class="buttons">
          <button type="submit" class="button primary" aria-disabled={state === "saving"}>{t("settings.save")}</button>
          <button type="button" class="button" onClick={() => host.close()}>{t("form.cancel")}</button>
        </div>
      </form>
    </main>
  );
}

export function showMacroSettings(host: Host, context: HostContext, root: HTMLElement): void {
  const voice = voiceFor(context);
  document.title = voice.t("macro.settings.title");
  render(<MacroSettings host={host} parameters={context.parameters} voice={voice} />, root);
}
