/** Lets the sources import a gettext catalogue, as its texts by key. */
import { readFile } from "node:fs/promises";
import type { Plugin } from "vite";
import { textsOf, translationsIn } from "./po.ts";

const CATALOGUE = /\/locale\/([^/]+)\/LC_MESSAGES\/screens\.po$/;

export function catalogues(): Plugin {
  return {
    name: "lockpoint-catalogues",
    async load(id) {
      const language = CATALOGUE.exec(id)?.[1];
      if (language === undefined) return null;
      const texts = textsOf(translationsIn(await readFile(id, "utf8")), language);
      return { code: `export default ${JSON.stringify(texts)}`, map: null, moduleType: "js" };
    },
  };
}
