/** Where a text has what must not stand there, as the server says. */

export interface Place {
  readonly field: "subject" | "body";
  /** How many characters stand before it; the server counts whole characters. */
  readonly position: number;
  readonly problem: string;
}

function placeOf(entry: unknown): Place | null {
  if (typeof entry !== "object" || entry === null) return null;
  const { field, position, problem } = entry as Readonly<Record<string, unknown>>;
  const name = typeof field === "string" ? field.slice(field.lastIndexOf(".") + 1) : "";
  if ((name !== "subject" && name !== "body") || typeof position !== "number" || typeof problem !== "string") return null;
  return { field: name, position, problem };
}

/** Return the places in the body of a refusal. */
export function wrongPlaces(details: Readonly<Record<string, unknown>>): readonly Place[] {
  const fields: unknown = details["fields"];
  return Array.isArray(fields) ? fields.map(placeOf).filter((place) => place !== null) : [];
}

/** Return where the character is in a text of the browser, which counts some characters twice. */
export function offsetOf(text: string, position: number): number {
  return [...text].slice(0, position).join("").length;
}

/** Return the text with `{name}` in place of the selection, and where the cursor goes. */
export function inserted(text: string, name: string, start: number, end: number): { readonly text: string; readonly cursor: number } {
  const placeholder = `{${name}}`;
  return { text: text.slice(0, start) + placeholder + text.slice(end), cursor: start + placeholder.length };
}
