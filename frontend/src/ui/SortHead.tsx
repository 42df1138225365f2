/** The head of a column that sorts; a second click turns the order round. */
import { Icon } from "./Icon";

export type Direction = "ascending" | "descending" | "none";

export function SortHead({ text, look, direction, onSort }: {
  readonly text: string;
  readonly look: string;
  readonly direction: Direction;
  readonly onSort: (descending: boolean) => void;
}) {
  return (
    <th role="columnheader" scope="col" class={look} aria-sort={direction}>
      <button type="button" class="sorter" onClick={() => onSort(direction === "ascending")}>
        {text}
        {direction !== "none" && <Icon name={direction === "descending" ? "down" : "up"} />}
      </button>
    </th>
  );
}
