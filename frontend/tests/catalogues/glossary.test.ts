// @vitest-environment node
import { describe, expect, test } from "vitest";
import { catalogueOf, languages } from "../../catalogues/files";
import { translationsIn } from "../../catalogues/po";
import { strangers } from "./glossary";

describe.each(languages())("in %s", (language) => {
  test.each(["lockpoint", "screens"] as const)("%s.po has one word for one thing", (domain) => {
    expect(strangers(translationsIn(catalogueOf(language, domain)), language)).toEqual([]);
  });
});

test("another word is found, in any form and whatever a placeholder is called", () => {
  const entry = (...texts: readonly string[]) => [{ key: "k", english: ["{count} lock on {space}", "{count} locks on {space}"], texts, unsure: false }];
  expect(strangers(entry("{count} Sperre", "{count} Schlösser"), "de")).toEqual(["lock: … lock on … … locks on … → {count} Schlösser"]);
  expect(strangers(entry("{count} Sperre", "{count} Sperren"), "de")).toEqual([]);
  expect(strangers([], "pl")).toEqual([]);
  expect(strangers(entry("blokada"), "pl")).toContain("lock: no word in pl");
});
