import { expect, test } from "vitest";

const sources = import.meta.glob<string>(["../src/**/*.ts", "../src/**/*.tsx"], { eager: true, query: "?raw", import: "default" });

/** Return what a source knows of the product around the frame. */
function productWords(source: string): readonly string[] {
  return source.match(/@forge\/bridge|\bAP\b|host\/(?:connect|forge)\b/g) ?? [];
}

test("hosts and entries alone know the bridges of Atlassian", () => {
  const knowing = Object.entries(sources).filter(([, source]) => productWords(source).length > 0).map(([path]) => path);
  expect(knowing.filter((path) => !/^\.\.\/src\/(?:host|entries)(?:\/|\.ts$)/.test(path))).toEqual([]);
  expect(Object.keys(sources).length).toBeGreaterThan(20);
  expect(productWords('import { view } from "@forge/bridge"; AP.dialog.close();')).toHaveLength(2);
});
