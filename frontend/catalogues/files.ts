/** Where the catalogues are: one folder for each language, with the mails' and the screens'. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../../lockpoint/locale");

export function languages(): readonly string[] {
  return readdirSync(FOLDER).sort();
}

export function fileOf(language: string, domain: "lockpoint" | "screens" = "screens"): string {
  return join(FOLDER, language, "LC_MESSAGES", `${domain}.po`);
}

/** Return a catalogue's text, empty where there is none yet. */
export function catalogueOf(language: string, domain: "lockpoint" | "screens" = "screens"): string {
  const file = fileOf(language, domain);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
