/** Two admins changed the same settings: what each has, side by side, and a choice for every setting that differs. */
import { useEffect, useId, useRef } from "preact/hooks";
import type { Change } from "../api";
import { Icon } from "../ui/Icon";
import { useNames, type NameBook } from "../ui/nameBook";
import { nameOf, type Voice } from "../voice";
import { suggestion, valueOf, type Difference, type Side } from "./merge";
import { same, type Name, type Value, type Values } from "./rules";
import { decided, type Collision as Found } from "./store";
import { labelOf, valueWords } from "./words";

interface Props {
  readonly collision: Found<unknown>;
  readonly inherited: Values | null;
  readonly voice: Voice;
  readonly book: NameBook;
  readonly saving: boolean;
  readonly onChoose: (name: Name, side: Side) => void;
  readonly onSave: () => void;
  readonly onEdit: () => void;
}

function useWords({ inherited, voice, book }: Pick<Props, "inherited" | "voice" | "book">) {
  return (name: Name, value: Value): string => {
    if (value !== undefined) return valueWords(name, value, voice, book);
    return voice.t("collision.inherited", { value: valueWords(name, inherited?.[name], voice, book) });
  };
}

const KIND = { managers: "person", managerGroups: "group", allowedApps: "app" } as const;
const NOBODY: readonly string[] = [];

/** Have everybody in these lists named. */
function useNamesIn(found: readonly Difference[], book: NameBook): void {
  const idsOf = (name: keyof typeof KIND): readonly string[] => {
    const one = found.find((difference) => difference.name === name);
    return one === undefined ? NOBODY : [one.base, one.theirs, one.mine].flatMap((list) => (Array.isArray(list) ? list as readonly string[] : []));
  };
  useNames(book, "person", idsOf("managers"));
  useNames(book, "group", idsOf("managerGroups"));
  useNames(book, "app", idsOf("allowedApps"));
}

function theirsTitle(by: Change | null, { t }: Voice): string {
  return by?.person ? t("collision.theirsOf", { name: nameOf(by.person, t) }) : t("collision.theirs");
}

function Option({ side, group, one, props }: {
  readonly side: Side;
  readonly group: string;
  readonly one: Difference;
  readonly props: Props;
}) {
  const { collision, voice: { t }, onChoose } = props;
  const words = useWords(props);
  const title = { theirs: theirsTitle(collision.by, props.voice), mine: t("collision.mine"), both: t("collision.both") }[side];
  const act = { theirs: t("collision.take"), mine: t("collision.keep"), both: t("collision.both") }[side];
  const value = valueOf(one, side);
  return (
    <label class="option-card">
      <span class="option-title">{title}</span>
      <span class="option-value">{words(one.name, value)}</span>
      <span class="option-pick">
        <input type="radio" name={group} value={side} checked={collision.choices[one.name] === side} onChange={() => onChoose(one.name, side)} />
        {act}
        {side !== "both" && same(value, one.base) && <span class="hint">{t("collision.unchanged")}</span>}
      </span>
    </label>
  );
}

function Row({ one, props }: { readonly one: Difference; readonly props: Props }) {
  const { voice: { t } } = props;
  const group = useId();
  const words = useWords(props);
  const open = props.collision.choices[one.name] === undefined;
  const sides: readonly Side[] = suggestion(one) === "both" ? ["theirs", "mine", "both"] : ["theirs", "mine"];
  return (
    <fieldset class={open ? "difference open" : "difference"} data-setting={one.name}>
      <legend>{open && <Icon name="warning" />}{labelOf(one.name, t)}</legend>
      <div class="option-card plain">
        <span class="option-title">{t("collision.base")}</span>
        <span class="option-value">{words(one.name, one.base)}</span>
      </div>
      {sides.map((side) => <Option key={side} side={side} group={group} one={one} props={props} />)}
    </fieldset>
  );
}

export function Collision(props: Props) {
  const { collision, voice: { t, formats }, book, saving, onChoose, onSave, onEdit } = props;
  const { found, by, choices } = collision;
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  useNamesIn(found, book);
  const all = (side: Side): void => found.forEach(({ name }) => onChoose(name, side));
  const open = found.filter(({ name }) => choices[name] === undefined).length;
  return (
    <section class="collision">
      <h2 ref={title} tabIndex={-1}>{t("collision.title")}</h2>
      <p>{by?.person ? t("collision.by", { name: nameOf(by.person, t), time: formats.moment(by.at) }) : t("collision.unknown")}</p>
      <div class="buttons">
        <button type="button" class="button" onClick={() => all("theirs")}>{t("collision.allTheirs")}</button>
        <button type="button" class="button" onClick={() => all("mine")}>{t("collision.allMine")}</button>
      </div>
      {found.map((one) => <Row key={one.name} one={one} props={props} />)}
      <div class="save-bar">
        <p role="status">{open > 0 ? t("collision.open", { count: open }) : t("collision.decided")}</p>
        <div class="buttons">
          <button type="button" class="button plain" onClick={onEdit}>{t("collision.edit")}</button>
          <button type="button" class="button primary" disabled={saving || !decided(collision)} onClick={onSave}>{t("collision.save")}</button>
        </div>
      </div>
    </section>
  );
}
