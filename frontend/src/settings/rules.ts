/** What can be set, and what is wrong with it: the server's rules, so that a form tells them at the field. */

export const RULES = ["active", "warnAfterHours", "unlockAfterHours", "strict", "undoTrash", "undoRename"] as const;
export const SITE_ONLY = [
  "longestDays", "endless", "adminsMayOverwrite", "allowedApps", "restores", "copyMode", "comments", "usageCounts",
] as const;
export const MANAGERS = ["managers", "managerGroups"] as const;

export type RuleName = (typeof RULES)[number];
export type Name = RuleName | (typeof SITE_ONLY)[number] | (typeof MANAGERS)[number];
/** An hour of null is switched off; undefined is inherited; NaN stands for what is no number. */
export type Value = boolean | number | null | readonly string[] | undefined;
export type Values = { readonly [N in Name]?: Value };

export const LIMITS = {
  warnAfterHours: [1, 8760],
  unlockAfterHours: [1, 8760],
  longestDays: [1, 365],
  restores: [1, 20],
} as const satisfies { readonly [N in Name]?: readonly [least: number, most: number] };
export type NumberName = keyof typeof LIMITS;

/** How many people, groups or apps a list may have. */
export const MOST_CHOSEN = 100;
const HOURS_OF_DAY = 24;

export type FieldProblem =
  | { readonly kind: "range"; readonly least: number; readonly most: number }
  | { readonly kind: "warnFirst" }
  /** `days` is null where only the server knows the longest life. */
  | { readonly kind: "tooLong"; readonly days: number | null }
  | { readonly kind: "refused" };
export type FieldProblems = { readonly [N in Name]?: FieldProblem };

export function same(one: Value, other: Value): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((entry) => other.includes(entry as string));
  }
  return Object.is(one, other);
}

/** Return what holds: a space's own value, else the inherited one. */
export function inForce(name: Name, own: Values, inherited: Values): Value {
  return own[name] === undefined ? inherited[name] : own[name];
}

function outOfRange(name: NumberName, value: Value): boolean {
  const [least, most] = LIMITS[name];
  return typeof value === "number" && !(Number.isInteger(value) && value >= least && value <= most);
}

function rangeProblems(values: Values): FieldProblems {
  const wrong = (Object.keys(LIMITS) as NumberName[]).filter((name) => outOfRange(name, values[name]));
  return Object.fromEntries(wrong.map((name) => [name, { kind: "range", least: LIMITS[name][0], most: LIMITS[name][1] }])) as FieldProblems;
}

/** Return what is wrong with values as they would hold; each is one sentence at its field. */
export function problemsIn(own: Values, inherited: Values = {}): FieldProblems {
  const ranges = rangeProblems(own);
  const [warn, unlock, days] = [inForce("warnAfterHours", own, inherited), inForce("unlockAfterHours", own, inherited), own.longestDays];
  const late = typeof warn === "number" && typeof unlock === "number" && warn >= unlock;
  const long = typeof unlock === "number" && typeof days === "number" && unlock > days * HOURS_OF_DAY;
  return {
    ...(late ? { warnAfterHours: { kind: "warnFirst" } } : {}),
    ...(long ? { unlockAfterHours: { kind: "tooLong", days } } : {}),
    ...ranges,
  };
}

function isName(text: unknown): text is Name {
  return [...RULES, ...SITE_ONLY, ...MANAGERS].some((name) => name === text);
}

/** Return the fields that the server names in a refusal. A space asks it, because it alone knows the site's longest life. */
export function refusedFields(details: Readonly<Record<string, unknown>>): FieldProblems {
  const fields = Array.isArray(details["fields"]) ? (details["fields"] as readonly { readonly field?: unknown }[]) : [];
  const names = fields.map(({ field }) => String(field).split(".").at(-1)).filter(isName);
  return Object.fromEntries(names.map((name) =>
    [name, name === "unlockAfterHours" ? { kind: "tooLong", days: null } : { kind: "refused" }])) as FieldProblems;
}

/** When a lock ends by itself: hours, or for ever. */
function usualLife({ unlockAfterHours, longestDays, endless }: Values): number {
  if (typeof unlockAfterHours === "number") return unlockAfterHours;
  return endless === true || typeof longestDays !== "number" ? Infinity : longestDays * HOURS_OF_DAY;
}

/** Whether running locks may end sooner with the new values. Both are values that hold. */
export function shortens(before: Values, after: Values): boolean {
  const longest = (values: Values): number => (typeof values.longestDays === "number" ? values.longestDays : Infinity);
  return usualLife(after) < usualLife(before) || longest(after) < longest(before) || (before.endless === true && after.endless === false);
}
