/** One row for each setting: its name, what it does, where its value comes from, and the control. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Icon } from "../ui/Icon";
import { Switch } from "../ui/Switch";
import { TypeAhead } from "../ui/TypeAhead";
import { LIMITS, MOST_CHOSEN, type Name, type NumberName } from "./rules";
import type { Form } from "./useStore";
import { labelOf, problemText, UNIT, valueWords } from "./words";

interface RowProps<N extends Name> {
  readonly form: Form;
  readonly name: N;
  /** What saving would do, where that needs saying. */
  readonly note?: string | null;
}

interface Ids {
  readonly id: string;
  readonly describedBy: string;
  /** The space does not decide this, so the control shows what is inherited. */
  readonly locked: boolean;
}

/** Where a space's value comes from, and the way to the other source. One button, so the focus stays. */
function SourceLine({ form, name }: RowProps<Name>) {
  const { inherited, own, voice: { t }, voice, book } = form;
  if (inherited === null || !(name in inherited)) return null;
  const label = labelOf(name, t);
  const value = valueWords(name, inherited[name], voice, book);
  const set = own[name] !== undefined;
  return (
    <p class="setting-source">
      <span class={set ? "lozenge own" : "lozenge"}>{set ? t("settings.own", { value }) : t("settings.inherited", { value })}</span>
      <button type="button" class="button link" aria-label={set ? t("settings.inherit.label", { label }) : t("settings.override.label", { label })}
        onClick={() => form.change(name, set ? undefined : inherited[name])}>
        {set ? t("settings.inherit") : t("settings.override")}
      </button>
    </p>
  );
}

function Row({ form, name, note = null, children }: RowProps<Name> & { readonly children: (ids: Ids) => ComponentChildren }) {
  const { t } = form.voice;
  const id = useId();
  const problem = form.problem(name);
  const locked = form.inherited !== null && form.own[name] === undefined;
  return (
    <div class="setting" data-setting={name}>
      <div class="setting-words">
        <label for={id}>{labelOf(name, t)}</label>
        <p id={`${id}-hint`} class="hint">{t(`settings.${name}.hint`)}</p>
        <SourceLine form={form} name={name} />
      </div>
      <div class="setting-control">{children({ id, describedBy: `${id}-hint ${id}-problem`, locked })}</div>
      <p id={`${id}-problem`} class="hint wrong" role="status">{problem === null ? "" : problemText(problem, t)}</p>
      {note !== null && <p class="notice setting-note"><Icon name="info" /><span>{note}</span></p>}
    </div>
  );
}

export function Toggle(props: RowProps<Name>) {
  const { form, name } = props;
  return (
    <Row {...props}>
      {({ id, describedBy, locked }) => (
        <Switch id={id} describedBy={describedBy} checked={form.after[name] === true} disabled={locked}
          onChange={(checked) => form.change(name, checked)} />
      )}
    </Row>
  );
}

/** A whole number as text. The text is the viewer's until somebody else changes the number. */
function NumberInput({ value, name, form, ids, label }: {
  readonly value: number;
  readonly name: NumberName;
  readonly form: Form;
  readonly ids: Ids;
  readonly label?: string;
}) {
  const { t } = form.voice;
  const numberOf = (text: string): number => (/^\d{1,6}$/.test(text.trim()) ? Number(text) : NaN);
  const [text, setText] = useState(String(value));
  useEffect(() => setText((now) => (Object.is(numberOf(now), value) ? now : String(value))), [value]);
  const type = (next: string): void => {
    setText(next);
    form.change(name, numberOf(next));
  };
  return (
    <span class="amount">
      <input {...(label === undefined ? { id: ids.id } : { "aria-label": label })} class="short" type="text" inputMode="numeric" autoComplete="off"
        value={text} disabled={ids.locked} aria-describedby={ids.describedBy} aria-invalid={form.problem(name) !== null}
        onInput={(event) => type(event.currentTarget.value)} />
      <span>{t(`settings.unit.${UNIT[name]}`)}</span>
    </span>
  );
}

export function Count(props: RowProps<NumberName>) {
  const { form, name } = props;
  return <Row {...props}>{(ids) => <NumberInput value={Number(form.after[name])} name={name} form={form} ids={ids} />}</Row>;
}

const DAY_SECONDS = 86_400;
const USUAL = { warnAfterHours: 24, unlockAfterHours: 48 } as const;

/** Hours that can be switched off. Switched on again they are what they were. */
function HoursControl({ form, name, ids }: { readonly form: Form; readonly name: keyof typeof USUAL; readonly ids: Ids }) {
  const { t, formats } = form.voice;
  const value = form.after[name];
  const last = useRef<number>(USUAL[name]);
  if (typeof value === "number" && Number.isFinite(value)) last.current = value;
  const inDays = typeof value === "number" && value >= LIMITS[name][0] && value <= LIMITS[name][1] && value * 3600 >= DAY_SECONDS
    ? formats.duration(value * 3600) : null;
  return (
    <>
      <Switch id={ids.id} describedBy={ids.describedBy} checked={value !== null} disabled={ids.locked}
        onChange={(checked) => form.change(name, checked ? last.current : null)} />
      {typeof value === "number"
        ? <NumberInput value={value} name={name} form={form} ids={ids} label={t("settings.hoursOf", { label: labelOf(name, t) })} />
        : <span class="amount">{t("settings.never")}</span>}
      {inDays !== null && <span class="hint amount-hint">{t("settings.inDays", { days: inDays })}</span>}
    </>
  );
}

export function Hours(props: RowProps<keyof typeof USUAL>) {
  return <Row {...props}>{(ids) => <HoursControl form={props.form} name={props.name} ids={ids} />}</Row>;
}

const KIND = { managers: "person", managerGroups: "group", allowedApps: "app" } as const;
const NOBODY: readonly string[] = [];

export function Chosen({ form, name }: { readonly form: Form; readonly name: keyof typeof KIND }) {
  const { t } = form.voice;
  const ids = (form.own[name] as readonly string[] | undefined) ?? NOBODY;
  return (
    <TypeAhead kind={KIND[name]} label={labelOf(name, t)} hint={t(`settings.${name}.hint`)} ids={ids} book={form.book} voice={form.voice}
      most={MOST_CHOSEN} onChange={(next) => form.change(name, next)} />
  );
}

/** Settings that belong together, with one sentence about them. */
export function Group({ title, hint, children }: { readonly title: string; readonly hint: string; readonly children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="settings-group" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <p class="settings-hint">{hint}</p>
      <div class="settings-rows">{children}</div>
    </section>
  );
}
