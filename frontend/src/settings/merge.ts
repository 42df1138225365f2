/** Two admins changed the same settings: what differs, and what comes of each choice. Nothing that either chose is lost. */
import { same, type Name, type Value, type Values } from "./rules";

export type Side = "theirs" | "mine" | "both";

/** One setting that is not the same for both: as this admin began, as the other saved it, as this admin wants it. */
export interface Difference {
  readonly name: Name;
  readonly base: Value;
  readonly theirs: Value;
  readonly mine: Value;
}

export type Choices = { readonly [N in Name]?: Side };

/** Return the names whose values differ. */
export function changedNames(one: Values, other: Values): readonly Name[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]) as ReadonlySet<Name>;
  return [...names].filter((name) => !same(one[name], other[name]));
}

/** Return what somebody has to look at; first what needs a decision. What both changed alike is settled. */
export function differences(base: Values, theirs: Values, mine: Values): readonly Difference[] {
  const found = changedNames(mine, theirs).map((name) => ({ name, base: base[name], theirs: theirs[name], mine: mine[name] }));
  const open = (one: Difference): boolean => suggestion(one) === null;
  return [...found.filter(open), ...found.filter((one) => !open(one))];
}

/** Return what is chosen at first: the side that changed; for lists both; null where both sides changed one value. */
export function suggestion({ base, theirs, mine }: Difference): Side | null {
  if (same(base, theirs)) return "mine";
  if (same(base, mine)) return "theirs";
  return Array.isArray(theirs) && Array.isArray(mine) ? "both" : null;
}

/** Return a list with what either side added and without what either took away. */
function united(base: readonly string[], theirs: readonly string[], mine: readonly string[]): readonly string[] {
  const kept = base.filter((entry) => theirs.includes(entry) && mine.includes(entry));
  const added = [...theirs, ...mine].filter((entry) => !base.includes(entry));
  return [...new Set([...kept, ...added])];
}

export function valueOf({ base, theirs, mine }: Difference, side: Side): Value {
  if (side === "theirs") return theirs;
  if (side === "mine" || !Array.isArray(theirs) || !Array.isArray(mine)) return mine;
  return united(Array.isArray(base) ? base as readonly string[] : [], theirs as readonly string[], mine as readonly string[]);
}

/** Return the choices at the start. */
export function suggestions(found: readonly Difference[]): Choices {
  const decided = found.map((one) => [one.name, suggestion(one)] as const).filter(([, side]) => side !== null);
  return Object.fromEntries(decided) as Choices;
}

/** Return the settings after the choices; what is not decided stays as this admin wants it. */
export function resolved(theirs: Values, found: readonly Difference[], choices: Choices): Values {
  return { ...theirs, ...Object.fromEntries(found.map((one) => [one.name, valueOf(one, choices[one.name] ?? "mine")])) };
}

/** Return this admin's changes on top of newer settings, where nobody else changed the same. */
export function rebased(base: Values, newer: Values, mine: Values): Values {
  return { ...newer, ...Object.fromEntries(changedNames(base, mine).map((name) => [name, mine[name]])) };
}
