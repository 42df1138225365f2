/** A language for looking at layouts: English with accents, 40 % longer. Text without accents is in no catalogue. */
import type { Catalogue } from ".";

const LONGER = 0.4;
const PLAIN = "AEIOUaeiouycn";
const ACCENTED = "ÅÉÎÖÛåéîöûýçñ";

function accented(text: string): string {
  return text.replace(/\{\w+\}|[a-z]/giu, (piece) => ACCENTED[PLAIN.indexOf(piece)] ?? piece);
}

/** Pads with words of eight letters, so that lines break as in a language with long words. */
function longer(text: string): string {
  const missing = Math.ceil(text.replace(/\{\w+\}/g, "name").length * LONGER);
  return `${accented(text)}${"øøøøøøø ".repeat(Math.ceil(missing / 8)).slice(0, missing).trimEnd()}`;
}

export function padded(catalogue: Catalogue): Catalogue {
  const entries = Object.entries(catalogue).map(([key, entry]) => [
    key,
    typeof entry === "string" ? longer(entry) : Object.fromEntries(Object.entries(entry ?? {}).map(([form, text]) => [form, longer(String(text))])),
  ]);
  return Object.fromEntries(entries) as Catalogue;
}
