/** Brings every catalogue of the screens up to date with English. `bin/npm run messages` */
import { writeFileSync } from "node:fs";
import { runnerImport } from "vite";
import { catalogueOf, fileOf, languages } from "./files.ts";
import type { English } from "./po.ts";
import { updated } from "./update.ts";

/** Vite finds the sources' imports as the build does; Node.js alone wants the ending of every file. */
const { module: { en } } = await runnerImport<{ readonly en: Readonly<Record<string, English>> }>("./src/messages/en/index.ts");

for (const language of languages()) {
  const { content, added, changed, gone } = updated(catalogueOf(language), catalogueOf(language, "lockpoint"), en, language);
  writeFileSync(fileOf(language), content);
  console.log(`${language}: ${added.length} new, ${changed.length} changed, ${gone.length} gone`);
  for (const key of [...added, ...changed]) console.log(`  to translate: ${key}`);
}
