/** A catalogue after English changed. */
import { po, type GetTextTranslation } from "gettext-parser";
import { entriesOf, formsOf, pluralCategories, type English } from "./po.ts";

const NOTE = "Form of address and glossary are at the head of lockpoint.po. Written by `bin/npm run messages`, in the order of English.";

export interface Update {
  readonly content: string;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly gone: readonly string[];
}

function quoted(id: string, text: string): string {
  return `${id} ${JSON.stringify(text)}`;
}

/** Return the English that was translated, as a comment for the translator. */
function previous({ msgid, msgid_plural }: GetTextTranslation): string {
  const plural = msgid_plural === undefined ? [] : [quoted("msgid_plural", msgid_plural)];
  return [quoted("msgid", msgid), ...plural].join("\n");
}

function isSame(old: GetTextTranslation, english: English): boolean {
  const [msgid, plural] = formsOf(english);
  return old.msgid === msgid && old.msgid_plural === plural;
}

/** Return the entry of one key: as it was, marked where the English is another, empty where it is new. */
function entry(key: string, english: English, old: GetTextTranslation | undefined, forms: number): GetTextTranslation {
  const [msgid = "", plural] = formsOf(english);
  const empty = Array.from({ length: plural === undefined ? 1 : forms }, () => "");
  const fresh = { msgctxt: key, msgid, ...(plural === undefined ? {} : { msgid_plural: plural }) };
  if (old === undefined) return { ...fresh, msgstr: empty };
  const msgstr = empty.map((none, index) => old.msgstr[index] ?? none);
  const comments = old.comments === undefined ? {} : { comments: old.comments };
  if (isSame(old, english)) return { ...fresh, msgstr, ...comments };
  return { ...fresh, msgstr, comments: { ...old.comments, flag: "fuzzy", previous: previous(old) } as NonNullable<GetTextTranslation["comments"]> };
}

/** Return the head: language and plural rule are those of the mails. */
function head(mails: string): Readonly<Record<string, string>> {
  const { headers } = po.parse(mails);
  const names = ["Language", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Plural-Forms"];
  return Object.fromEntries(names.map((name) => [name, headers[name] ?? ""]));
}

function compiled(headers: Readonly<Record<string, string>>, entries: readonly GetTextTranslation[]): string {
  const first = { msgid: "", msgstr: [""], comments: { translator: NOTE } as NonNullable<GetTextTranslation["comments"]> };
  const translations = { "": { "": first }, ...Object.fromEntries(entries.map((one) => [one.msgctxt, { [one.msgid]: one }])) };
  return `${po.compile({ charset: "utf-8", headers: { ...headers }, translations }, { foldLength: 0 }).toString("utf8").trimEnd()}\n`;
}

/** Return a catalogue with exactly the keys of English, in its order; `mails` is the same language's catalogue of mails. */
export function updated(content: string, mails: string, english: Readonly<Record<string, English>>, language: string): Update {
  const old = new Map(entriesOf(content).map((one) => [one.msgctxt ?? "", one]));
  const forms = pluralCategories(language).length;
  const entries = Object.entries(english).map(([key, text]) => entry(key, text, old.get(key), forms));
  const keys = Object.keys(english);
  return {
    content: compiled(head(mails), entries),
    added: keys.filter((key) => !old.has(key)),
    changed: Object.entries(english).flatMap(([key, text]) => {
      const was = old.get(key);
      return was !== undefined && !isSame(was, text) ? [key] : [];
    }),
    gone: [...old.keys()].filter((key) => !(key in english)),
  };
}
