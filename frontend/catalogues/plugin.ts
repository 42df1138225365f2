/** Lets the sources import a part of a gettext catalogue, as its texts by key: `screens.po?page` has those of `messages/en/page.ts`. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseSync, Visitor, type Plugin } from "vite";
import { textsOf, translationsIn, type Translation } from "./po.ts";

const CATALOGUE = /\/locale\/([^/]+)\/LC_MESSAGES\/screens\.po\?(\w+)$/;
const ENGLISH = join(import.meta.dirname, "../src/messages/en");

interface PartOfCatalogue {
  readonly language: string;
  readonly part: string;
}

function partOf(id: string | null): PartOfCatalogue | null {
  const [, language, part] = CATALOGUE.exec(id ?? "") ?? [];
  return language === undefined || part === undefined ? null : { language, part };
}

/** Return the keys of English's file for a part. */
async function keysOf(part: string): Promise<ReadonlySet<string>> {
  const name = join(ENGLISH, `${part}.ts`);
  const keys = new Set<string>();
  const visitor = new Visitor({
    Property({ key }) {
      if (key.type === "Literal") keys.add(String(key.value));
    },
  });
  visitor.visit(parseSync(name, await readFile(name, "utf8")).program);
  return keys;
}

/** Names the file of each part after it, as `texts-de-page-….js`. */
function chunkFileNames({ facadeModuleId }: { readonly facadeModuleId: string | null }): string {
  const found = partOf(facadeModuleId);
  return found === null ? "assets/[name]-[hash].js" : `assets/texts-${found.language}-${found.part}-[hash].js`;
}

async function translationsOf(file: string): Promise<readonly Translation[]> {
  return translationsIn(await readFile(file, "utf8"));
}

export function catalogues(): Plugin {
  /** A catalogue is read once for all its parts. */
  const whole = new Map<string, Promise<readonly Translation[]>>();
  return {
    name: "lockpoint-catalogues",
    buildStart: () => whole.clear(),
    config: () => ({ build: { rolldownOptions: { output: { chunkFileNames } } } }),
    async load(id) {
      const found = partOf(id);
      if (found === null) return null;
      const keys = await keysOf(found.part);
      const [file = ""] = id.split("?");
      const all = whole.get(file) ?? translationsOf(file);
      whole.set(file, all);
      const texts = textsOf((await all).filter(({ key }) => keys.has(key)), found.language);
      return { code: `export default ${JSON.stringify(texts)}`, map: null, moduleType: "js" };
    },
  };
}
