/** Brings every catalogue of the screens up to date with English. `bin/npm run messages` */
import { writeFileSync } from "node:fs";
import { en } from "../src/messages/en/index.ts";
import { catalogueOf, fileOf, languages } from "./files.ts";
import { updated } from "./update.ts";

for (const language of languages()) {
  const { content, added, changed, gone } = updated(catalogueOf(language), catalogueOf(language, "lockpoint"), en, language);
  writeFileSync(fileOf(language), content);
  console.log(`${language}: ${added.length} new, ${changed.length} changed, ${gone.length} gone`);
  for (const key of [...added, ...changed]) console.log(`  to translate: ${key}`);
}
