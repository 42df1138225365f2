// Checks forge/manifest.yml with Atlassian's own package, without a network. Prints one JSON object: the kinds of check
// that ran, and every problem. usage (in the folder of the manifest): node …/dev/forge_manifest.mjs [KIND]
import { createRequire } from "node:module";

const require = createRequire(new URL("../frontend/package.json", import.meta.url));
const { ProcessorBuilder, ValidationTypes } = require("@forge/manifest");

const ran = [];
const problems = [];
const kinds = Object.keys(ValidationTypes).filter((name) => Number.isNaN(Number(name)));
for (const kind of process.argv[2] ? [process.argv[2]] : kinds) {
  const { success, errors } = await ProcessorBuilder.instance().withValidation(ValidationTypes[kind]).build().process();
  ran.push(kind);
  for (const { level, line, message } of errors ?? []) problems.push({ kind, level, line, message });
  if (!success && !errors?.length) problems.push({ kind, level: "error", line: 0, message: "failed without a word" });
}
console.log(JSON.stringify({ ran, problems }));
