/** A person's initials on a colour of their own. Beside the name it is decoration. */
import type { Person } from "../api";

const COLOURS = 6;

/** Return the first letters of the first and the last word of a name; "?" where there is no name. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => /[\p{L}\p{N}]/u.exec(word ?? "")?.[0] ?? "");
  return letters.join("").toLocaleUpperCase() || "?";
}

/** Return the same colour for the same person everywhere. */
export function colourOf(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9_973;
  return sum % COLOURS;
}

export function Avatar({ person, label }: {
  readonly person: Person | null;
  /** The accessible name where none stands beside it. */
  readonly label?: string;
}) {
  const meaning = label === undefined ? { "aria-hidden": true as const } : { role: "img" as const, "aria-label": label };
  return <span class={`avatar colour-${String(colourOf(person?.accountId ?? ""))}`} {...meaning}>{initialsOf(person?.displayName ?? "")}</span>;
}
