/** Lets the sources import a gettext catalogue, as its texts by key. */
import { readFile } from "node:fs/promises";
import type { Plugin } from "vite";
import { textsOf, translationsIn } from "./po.ts";

const CATALOGUE = /\/locale\/([^/]+)\/LC_MESSAGES\/screens\.po$/;

function languageOf(id: string | null): string | undefined {
  return id === null ? undefined : CATALOGUE.exec(id)?.[1];
}

/** Names the file of each language for it, as `texts-de-….js`. */
function chunkFileNames({ facadeModuleId }: { readonly facadeModuleId: string | null }): string {
  const language = languageOf(facadeModuleId);
  return language === undefined ? "assets/[name]-[hash].js" : `assets/texts-${language}-[hash].js`;
}

export function catalogues(): Plugin {
  return {
    name: "lockpoint-catalogues",
    config: () => ({ build: { rolldownOptions: { output: { chunkFileNames } } } }),
    async load(id) {
      const language = languageOf(id);
      if (language === undefined) return null;
      const texts = textsOf(translationsIn(await readFile(id, "utf8")), language);
      return { code: `export default ${JSON.stringify(texts)}`, map: null, moduleType: "js" };
    },
  };
}
