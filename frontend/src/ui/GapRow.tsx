/** The room of rows that are not drawn. */
import type { Gap } from "./windowed";

/** A gap that changes is a new element, of which the browser tells anew whether it is in view. */
export function gapKey({ from, to }: Gap): string {
  return `gap ${String(from)}-${String(to)}`;
}

/** Its height is set through the object model, which the policy for styles allows. One cell is enough, and makes no column of its own. */
export function GapRow({ gap }: { readonly gap: Gap }) {
  return <tr class="gap" aria-hidden="true" data-gap={`${String(gap.from)}-${String(gap.to)}`} style={{ height: `${String(gap.height)}px` }}><td /></tr>;
}
