/** Choose people, apps or groups by typing: a combobox, and a chip for each that is chosen. */
import { useCallback, useId, useRef, useState } from "preact/hooks";
import "../messages/parts/choose";
import type { Kind, Named } from "../api";
import { problemWords } from "../problems";
import type { Voice } from "../voice";
import { Icon } from "./Icon";
import { useNames, type NameBook } from "./nameBook";
import { useFound, type Found } from "./useFound";

interface Props {
  readonly kind: Kind;
  readonly label: string;
  readonly hint: string;
  readonly ids: readonly string[];
  readonly book: NameBook;
  readonly voice: Voice;
  readonly most: number;
  readonly onChange: (ids: readonly string[]) => void;
}

/** What an AccountID looks like; somebody may know the id of an app that search does not find. */
const ACCOUNT = /^(?=.*\d)[A-Za-z0-9:_-]{16,128}$/;

/** Return the name of somebody chosen, or words for one without a name. */
export function chosenName(id: string, book: NameBook, { t }: Voice): string {
  const name = book.name(id);
  return name === undefined ? "…" : name ?? t("choose.unknown", { id });
}

function Chips({ ids, label, book, voice, onRemove }: Pick<Props, "ids" | "label" | "book" | "voice"> & {
  readonly onRemove: (id: string, at: number) => void;
}) {
  const { t } = voice;
  if (ids.length === 0) return null;
  return (
    <ul class="chips" aria-label={t("choose.chosen", { label })}>
      {ids.map((id, at) => {
        const name = chosenName(id, book, voice);
        return (
          <li key={id} class="chip" title={id}>
            <span>{name}</span>
            <button type="button" class="chip-remove" aria-label={t("choose.remove", { name })} onClick={() => onRemove(id, at)}>
              <Icon name="close" />
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function statusWords({ state, problem }: Found, count: number, { t }: Voice): string {
  switch (state) {
    case "idle": return "";
    case "searching": return t("choose.searching");
    case "failed": return problem === null ? "" : problemWords(problem, t);
    case "found": return count === 0 ? t("choose.nobody") : t("choose.found", { count });
  }
}

/** Return what may be chosen now, the typed id of an app included. */
function optionsOf(found: Found, text: string, { kind, ids }: Props): readonly Named[] {
  const typed = text.trim();
  const options = found.options.filter(({ id }) => !ids.includes(id));
  const asId = kind === "app" && ACCOUNT.test(typed) && !ids.includes(typed) && options.every(({ id }) => id !== typed);
  return asId ? [...options, { id: typed, name: null }] : options;
}

/** The text, and which option the arrow keys are on. */
function useTyping(props: Props) {
  const { kind, book, ids, onChange } = props;
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const [open, setOpen] = useState(false);
  const find = useCallback((asked: string) => book.directory.find(kind, asked), [book, kind]);
  const found = useFound(text, find);
  const options = optionsOf(found, text, props);
  const choose = (option: Named | undefined): void => {
    if (option === undefined) return;
    if (option.name !== null) book.learn([option]);
    setText("");
    setOpen(false);
    onChange([...ids, option.id]);
  };
  const type = (next: string): void => {
    setText(next);
    setActive(0);
    setOpen(true);
  };
  return { text, found, options, active: Math.min(active, options.length - 1), shown: open && options.length > 0, type, setActive, setOpen, choose };
}

type Typing = ReturnType<typeof useTyping>;

/** Arrow keys go round the options, Enter chooses, Escape closes the list before anything around it. */
function keysOf({ options, active, shown, setActive, setOpen, choose }: Typing): (event: KeyboardEvent) => void {
  const move = (step: number): void => {
    setOpen(true);
    if (shown) setActive((active + step + options.length) % options.length);
  };
  const acts: Readonly<Record<string, () => void>> = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => choose(shown ? options[active] : undefined),
    ...(shown ? { Escape: () => setOpen(false) } : {}),
  };
  return (event) => {
    const act = acts[event.key];
    if (act === undefined || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
}

function Options({ typing, id, label, book, voice }: Pick<Props, "label" | "book" | "voice"> & { readonly typing: Typing; readonly id: string }) {
  const { options, active, shown, choose } = typing;
  const words = ({ id: key, name }: Named): string => name ?? book.name(key) ?? voice.t("choose.byId", { id: key });
  return (
    <ul class="options" role="listbox" id={`${id}-list`} aria-label={label} hidden={!shown}>
      {options.map((option, at) => (
        <li key={option.id} id={`${id}-${String(at)}`} role="option" class="option" aria-selected={at === active}
          onMouseDown={(event) => event.preventDefault()} onClick={() => choose(option)}>
          {words(option)}
        </li>
      ))}
    </ul>
  );
}

export function TypeAhead(props: Props) {
  const { label, hint, ids, book, voice, most, onChange } = props;
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useNames(book, props.kind, ids);
  const typing = useTyping(props);
  const { text, found, options, active, shown } = typing;
  const full = ids.length >= most;
  const remove = (gone: string): void => {
    onChange(ids.filter((one) => one !== gone));
    input.current?.focus();
  };
  return (
    <div class="field chooser">
      <label for={id}>{label}</label>
      <p id={`${id}-hint`} class="hint">{full ? voice.t("choose.full", { count: most }) : hint}</p>
      <Chips {...{ ids, label, book, voice }} onRemove={remove} />
      <div class="combobox">
        <input ref={input} id={id} type="text" role="combobox" autoComplete="off" spellcheck={false} disabled={full && text === ""}
          aria-autocomplete="list" aria-expanded={shown} aria-controls={`${id}-list`} aria-describedby={`${id}-hint`}
          aria-activedescendant={shown ? `${id}-${String(active)}` : undefined}
          placeholder={voice.t(`choose.${props.kind}`)} value={text} onInput={(event) => typing.type(event.currentTarget.value)}
          onKeyDown={keysOf(typing)} onBlur={() => typing.setOpen(false)} />
        <Options {...{ typing, id, label, book, voice }} />
      </div>
      <p class="hint" role="status">{statusWords(found, options.length, voice)}</p>
    </div>
  );
}
