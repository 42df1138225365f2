import { describe, expect, test } from "vitest";
import { createClient } from "../../src/api";
import type { HostContext } from "../../src/host";
import { choiceOf } from "../../src/macro/parameters";
import { sourceOf } from "../../src/macro/source";
import { file, free, mine, others, page } from "../cast";
import { listed, part } from "../lists/shelf";

const CONTEXT: HostContext = {
  screen: "macro", guest: false, contentId: "98", spaceKey: "DS", tab: null, parameters: {}, locale: "en", timeZone: "UTC",
};

function client(...answers: readonly object[]) {
  const paths: string[] = [];
  const made = createClient({
    newId: () => "id",
    fetch: async (path) => {
      paths.push(path);
      return Response.json(answers[paths.length - 1]);
    },
  });
  return { made, paths };
}

describe("what the author of a macro chose", () => {
  test("nothing: this page, ten rows, what ends first", () => {
    expect(choiceOf({})).toEqual({ scope: "page", columns: ["file", "owner", "since", "ends"], sort: "expires", rows: 10 });
  });

  test("everything; the file is always first", () => {
    const choice = choiceOf({ scope: "Space", columns: "note, OWNER,owner", sort: "-since", rows: "25" });
    expect(choice).toEqual({ scope: "space", columns: ["file", "note", "owner"], sort: "-since", rows: 25 });
  });

  test.each([["0", 10], ["many", 10], ["2.5", 10], ["1000", 100]])("%s rows", (rows, shown) => {
    expect(choiceOf({ rows, scope: "galaxy", columns: "salary", sort: "x" })).toMatchObject({ rows: shown, scope: "page", sort: "expires" });
  });
});

describe("the rows of a macro", () => {
  test("of a page: its locked files, in order, and how many more there are", async () => {
    const late = others({ expiresAt: "2026-11-25T00:00:00Z" });
    const { made } = client(page([file("1", "late.txt", late), file("2", "free.txt", free()), file("3", "soon.txt", mine()), file("4", "endless.txt", mine({ expiresAt: null }))]));
    const found = await sourceOf(made, CONTEXT, { ...choiceOf({}), rows: 2 })();
    expect(found?.rows.map(({ title }) => title)).toEqual(["soon.txt", "late.txt"]);
    expect(found).toMatchObject({ more: 1, active: true });
  });

  test("of a space and of oneself: one call for as many rows as are shown", async () => {
    const space = client(part([listed("1")], "more"));
    expect(await sourceOf(space.made, CONTEXT, choiceOf({ scope: "space", rows: "5" }))()).toMatchObject({ more: null });
    expect(space.paths).toEqual(["/api/v1/spaces/DS/locks?sort=expires&limit=5"]);
    const own = client(part([listed("1")]));
    expect(await sourceOf(own.made, CONTEXT, choiceOf({ scope: "mine", sort: "-since" }))()).toMatchObject({ more: 0 });
    expect(own.paths).toEqual(["/api/v1/locks?sort=-since&scope=mine&limit=10"]);
  });
});
