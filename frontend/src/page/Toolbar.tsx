/** Search and filter, and sorting where the column heads are hidden. */
import { useId } from "preact/hooks";
import { Icon } from "../ui/Icon";
import { FILTERS, SORT_KEYS, type Choice, type Filter, type SortKey } from "./rows";
import type { Voice } from "../voice";

interface Props {
  readonly choice: Choice;
  readonly voice: Voice;
  readonly shown: number;
  readonly total: number;
  readonly onChange: (choice: Choice) => void;
}

interface Option {
  readonly value: string;
  readonly text: string;
}

function Select(props: {
  readonly label: string;
  readonly look: string;
  readonly value: string;
  readonly options: readonly Option[];
  readonly onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <div class={`tool ${props.look}`}>
      <label for={id}>{props.label}</label>
      <select id={id} value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
        {props.options.map(({ value, text }) => <option key={value} value={value}>{text}</option>)}
      </select>
    </div>
  );
}

export function Toolbar({ choice, voice: { t }, shown, total, onChange }: Props) {
  const { key, descending } = choice.sort;
  const sortOptions = SORT_KEYS.flatMap((name) => {
    const column = t(`column.${name}`);
    return [
      { value: `${name}:up`, text: t("sort.ascending", { column }) },
      { value: `${name}:down`, text: t("sort.descending", { column }) },
    ];
  });
  const sortBy = (value: string): void => {
    const [name, direction] = value.split(":");
    onChange({ ...choice, sort: { key: name as SortKey, descending: direction === "down" } });
  };
  return (
    <div class="toolbar" role="search">
      <div class="tool tool-search">
        <Icon name="search" />
        <input type="search" aria-label={t("tools.search")} placeholder={t("tools.search")} autoComplete="off"
          value={choice.query} onInput={(event) => onChange({ ...choice, query: event.currentTarget.value })} />
      </div>
      <Select label={t("tools.state")} look="tool-state" value={choice.filter}
        options={FILTERS.map((name) => ({ value: name, text: t(`filter.${name}`) }))}
        onChange={(value) => onChange({ ...choice, filter: value as Filter })} />
      <Select label={t("tools.sort")} look="tool-sort" value={`${key}:${descending ? "down" : "up"}`}
        options={sortOptions} onChange={sortBy} />
      <p class="count" role="status">
        {shown === total ? t("page.count", { count: total }) : t("page.countOf", { shown, count: total })}
      </p>
    </div>
  );
}
