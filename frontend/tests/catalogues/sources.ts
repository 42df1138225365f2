/** Which texts the sources show: keys that they name, and words that stand in them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { parseSync } from "vite";

export interface Source {
  readonly name: string;
  readonly code: string;
}

interface Node {
  readonly type: string;
  readonly [member: string]: unknown;
}

const FOLDER = join(import.meta.dirname, "../../src");

/** Return the sources of the screens and their texts. */
export function allSources(): readonly Source[] {
  const names = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  return names.map((name) => ({ name, code: readFileSync(join(FOLDER, name), "utf8") }));
}

/** Return the sources of the screens, without the texts themselves. */
export function sources(): readonly Source[] {
  return allSources().filter(({ name }) => !name.startsWith("messages/en/"));
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

function* within(value: unknown): Generator<Node> {
  if (isNode(value)) yield value;
  if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) yield* within(inner);
}

function nodesOf({ name, code }: Source): readonly Node[] {
  return [...within(parseSync(name, code).program)];
}

function membersOf(node: Node, name: string): readonly Node[] {
  return (node[name] as readonly Node[] | undefined) ?? [];
}

function templateParts(node: Node): readonly string[] {
  return membersOf(node, "quasis").map(({ value }) => (value as { readonly cooked: string }).cooked);
}

/** Return the keys that a template names; where it begins with a value, that must be a key itself, as in `${text}.label`. */
function keysOfTemplate(parts: readonly string[], keys: readonly string[], named: ReadonlySet<string>): readonly string[] {
  const [first = ""] = parts;
  if (first === "") return parts.length === 2 ? keys.filter((key) => [...named].some((start) => key === start + parts[1])) : [];
  const pattern = new RegExp(`^${parts.map((part) => part.replace(/\W/g, "\\$&")).join("[^.]+")}$`);
  if (!first.includes(".")) return [];
  // A value with dots must stand somewhere as it is, as the names of mails do.
  const whole = parts.length === 2 ? new Set([...named].map((value) => `${first}${value}${parts[1]}`)) : new Set<string>();
  return keys.filter((key) => pattern.test(key) || whole.has(key));
}

/** Return the keys that sources name, those of one template together. */
function namedKeys(keys: readonly string[], all: readonly Source[]): readonly (readonly string[])[] {
  const nodes = all.flatMap(nodesOf);
  const named = new Set(nodes.flatMap(({ type, value }) => (type === "Literal" && typeof value === "string" ? [value] : [])));
  const templates = nodes.filter(({ type }) => type === "TemplateLiteral").map(templateParts);
  return [...keys.filter((key) => named.has(key)).map((key) => [key]), ...templates.map((parts) => keysOfTemplate(parts, keys, named))];
}

/** Return the keys that no source names. */
export function unusedKeys(keys: readonly string[], all: readonly Source[]): readonly string[] {
  const used = new Set(namedKeys(keys, all).flat());
  return keys.filter((key) => !used.has(key));
}

const WORD = /\p{L}/u;
const SENTENCE = /^\p{Lu}|\p{L} \p{L}/u;
const TEXT_ATTRIBUTES: ReadonlySet<string> = new Set([
  "aria-label", "aria-description", "aria-roledescription", "aria-valuetext", "title", "alt", "placeholder", "label", "hint", "text", "summary",
]);
const TEXT_PROPERTIES: ReadonlySet<string> = new Set(["title", "textContent", "innerText", "innerHTML", "placeholder", "ariaLabel"]);

/** Return what may become the value of an operator; a comparison shows nothing. */
function operands({ operator, left, right }: Node): readonly unknown[] {
  if (operator === "&&") return [right];
  return operator === "+" || operator === "||" || operator === "??" ? [left, right] : [];
}

/** Return the words that an expression shows as it is: its strings, through conditions and templates. */
function shown(node: unknown): readonly string[] {
  if (!isNode(node)) return [];
  switch (node.type) {
    case "Literal":
      return typeof node["value"] === "string" ? [node["value"]] : [];
    case "TemplateLiteral":
      return templateParts(node);
    case "ConditionalExpression":
      return [...shown(node["consequent"]), ...shown(node["alternate"])];
    case "LogicalExpression":
    case "BinaryExpression":
      return operands(node).flatMap(shown);
    case "JSXExpressionContainer":
      return shown(node["expression"]);
    default:
      return [];
  }
}

function attributeWords(node: Node): readonly string[] {
  const element = String((node["name"] as Node)["name"]);
  return membersOf(node, "attributes").flatMap((attribute) => {
    const words = shown(attribute["value"]).filter((text) => WORD.test(text));
    const name = String((attribute["name"] as Node | undefined)?.["name"]);
    if (TEXT_ATTRIBUTES.has(name)) return words;
    // A component of ours may show any of its properties.
    return /^[A-Z]/.test(element) && name !== "class" ? words.filter((text) => SENTENCE.test(text)) : [];
  });
}

function nodeWords(node: Node): readonly string[] {
  switch (node.type) {
    case "JSXText":
      return [String(node["value"])];
    case "JSXElement":
    case "JSXFragment":
      return membersOf(node, "children").flatMap((child) => (child.type === "JSXExpressionContainer" ? shown(child) : []));
    case "JSXOpeningElement":
      return attributeWords(node);
    case "AssignmentExpression": {
      const property = (node["left"] as Node)["property"] as Node | undefined;
      return TEXT_PROPERTIES.has(String(property?.["name"])) ? shown(node["right"]) : [];
    }
    default:
      return [];
  }
}

/** Return words that a source shows and that are in no catalogue, as `file: words`. */
export function bareWords(all: readonly Source[]): readonly string[] {
  return all.flatMap((source) => (
    nodesOf(source).flatMap(nodeWords).filter((text) => WORD.test(text)).map((text) => `${source.name}: ${text.trim()}`)
  ));
}

/** Return the sources that one imports: before it runs, or when it asks for them. */
function importsOf(source: Source, all: ReadonlyMap<string, Source>, later: boolean): readonly Source[] {
  const wanted = nodesOf(source).filter(({ type, importKind }) => (later ? type === "ImportExpression" : type === "ImportDeclaration" && importKind !== "type"));
  return wanted.flatMap((node) => {
    const path = normalize(join(source.name, "..", String((node["source"] as Node)["value"])));
    return all.get(`${path}.ts`) ?? all.get(`${path}.tsx`) ?? all.get(`${path}/index.ts`) ?? [];
  });
}

/** Return a source with all that is there when it runs. */
function closure(first: Source, all: ReadonlyMap<string, Source>): readonly Source[] {
  const found = new Set([first]);
  for (const source of found) for (const next of importsOf(source, all, false)) found.add(next); // grows while it is read
  return [...found];
}

const PART = /^messages\/parts\/(\w+)\.ts$/;

/**
 * Return the keys that code names though their texts come neither with it nor with what asked for it, as `source: key`. Of a template,
 * one key must be there: its value decides which.
 */
export function absentTexts(partOfKey: Readonly<Record<string, string>>, name: string, all: ReadonlyMap<string, Source>, here: readonly Source[] = []): readonly string[] {
  const first = all.get(name);
  if (first === undefined) throw new Error(`There is no ${name}.`);
  const code = closure(first, all);
  const present = [...here, ...code];
  const parts = new Set(present.map((source) => PART.exec(source.name)?.[1]));
  const named = namedKeys(Object.keys(partOfKey), code.filter((source) => !PART.test(source.name)));
  const absent = named.filter((keys) => !keys.some((key) => parts.has(partOfKey[key]))).flat();
  const later = code.filter((source) => !PART.test(source.name)).flatMap((source) => importsOf(source, all, true)).filter((source) => !present.includes(source));
  return [...absent.map((key) => `${name}: ${key}`), ...later.flatMap((source) => absentTexts(partOfKey, source.name, all, present))];
}
