/** How much a surface loads for its first view: its scripts, styles and texts, packed. */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";

export const LIMIT_BYTES = 60_000;
/** The chunk that `vite.forge.config.ts` makes of `@forge/bridge`. */
const BRIDGE = "bridge";

/** A surface by the modules whose code it loads until its first tab shows something; paths below `src`. */
export interface Surface {
  readonly name: string;
  readonly screen: string;
  readonly tab?: string;
  readonly entry: string;
}

export const SURFACES: readonly Surface[] = [
  { name: "page dialog", screen: "page/main.tsx", entry: "connect-page" },
  { name: "my locks", screen: "myLocks/main.tsx", entry: "connect-my-locks" },
  { name: "space", screen: "space/main.tsx", tab: "space/LockedFiles.tsx", entry: "connect-space" },
  { name: "site", screen: "site/main.tsx", tab: "site/SiteSettings.tsx", entry: "connect-admin" },
  { name: "get started", screen: "getStarted/main.tsx", entry: "connect-get-started" },
  { name: "macro", screen: "macro/main.tsx", entry: "connect-macro" },
];

export type Door = "connect" | "forge";
export type Output = readonly (Rolldown.OutputChunk | Rolldown.OutputAsset)[];

const FRONTEND = join(import.meta.dirname, "../..");
const CONFIG = { connect: "vite.config.ts", forge: "vite.forge.config.ts" } as const;

/** Return what the build of a door makes, without writing it. */
export async function built(door: Door): Promise<Output> {
  const made = await build({ root: FRONTEND, configFile: join(FRONTEND, CONFIG[door]), mode: "production", logLevel: "error", build: { write: false } });
  return (made as Rolldown.RolldownOutput).output;
}

export function isChunk(one: Output[number]): one is Rolldown.OutputChunk {
  return one.type === "chunk";
}

/** Return a chunk by the source that it stands for. */
function chunkOf(output: Output, source: string): Rolldown.OutputChunk {
  const found = output.filter(isChunk).find(({ facadeModuleId }) => facadeModuleId === join(FRONTEND, source));
  if (found === undefined) throw new Error(`The build has no chunk for ${source}.`);
  return found;
}

/** Return chunks with all that they import before they run. */
function withImports(output: Output, first: readonly Rolldown.OutputChunk[]): readonly Rolldown.OutputChunk[] {
  const all = new Set(first); // grows while it is read
  for (const chunk of all) for (const name of chunk.imports) all.add(output.find((one) => one.fileName === name) as Rolldown.OutputChunk);
  return [...all];
}

function roots(output: Output, door: Door, { entry, screen, tab }: Surface): readonly Rolldown.OutputChunk[] {
  const start = door === "connect" ? [`src/entries/${entry}.ts`] : ["index.html", `src/${screen}`];
  return ["src/prepaint.ts", ...start, ...(tab === undefined ? [] : [`src/${tab}`])].map((source) => chunkOf(output, source));
}

const TEXTS = /\/(?:locale\/(\w+)\/LC_MESSAGES\/screens\.po\?|messages\/(en)\/)(\w+)/;
const PART = /\/messages\/parts\/(\w+)\.ts$/;

/** Return the chunks with the texts of what is loaded, by language. */
function texts(output: Output, loaded: readonly Rolldown.OutputChunk[]): ReadonlyMap<string, readonly Rolldown.OutputChunk[]> {
  const parts = new Set(loaded.flatMap(({ moduleIds }) => moduleIds.flatMap((id) => PART.exec(id)?.[1] ?? [])));
  const byLanguage = new Map<string, Rolldown.OutputChunk[]>();
  for (const chunk of output.filter(isChunk)) {
    const [, translated, english, part] = TEXTS.exec(chunk.facadeModuleId ?? "") ?? [];
    const language = translated ?? english;
    if (language !== undefined && parts.has(part ?? "")) byLanguage.set(language, [...(byLanguage.get(language) ?? []), chunk]);
  }
  return byLanguage;
}

function packed(content: string | Uint8Array): number {
  return gzipSync(content).length;
}

function sum(all: readonly number[]): number {
  return all.reduce((one, other) => one + other, 0);
}

function styles(output: Output, loaded: readonly Rolldown.OutputChunk[]): number {
  const names = new Set(loaded.flatMap(({ viteMetadata }) => [...(viteMetadata?.importedCss ?? [])]));
  return sum(output.flatMap((one) => (one.type === "asset" && names.has(one.fileName) ? [packed(one.source)] : [])));
}

export interface Weight {
  /** Without Atlassian's bridge, which is Forge's part of it; Connect's comes from Atlassian's own address. */
  readonly script: number;
  readonly style: number;
  /** The texts in the language that has most to say. */
  readonly texts: number;
  readonly own: number;
  readonly bridge: number;
}

export function weigh(output: Output, door: Door, surface: Surface): Weight {
  const loaded = withImports(output, roots(output, door, surface));
  const scripts = (chunks: readonly Rolldown.OutputChunk[]): number => sum(chunks.map(({ code }) => packed(code)));
  const script = scripts(loaded.filter(({ name }) => name !== BRIDGE));
  const style = styles(output, loaded);
  const heaviest = Math.max(0, ...[...texts(output, loaded).values()].map(scripts));
  return { script, style, texts: heaviest, own: script + style + heaviest, bridge: scripts(loaded.filter(({ name }) => name === BRIDGE)) };
}

/** Return the surfaces that load more than they may. */
export function tooHeavy(output: Output, door: Door): readonly string[] {
  return SURFACES.filter((surface) => weigh(output, door, surface).own > LIMIT_BYTES).map(({ name }) => name);
}
