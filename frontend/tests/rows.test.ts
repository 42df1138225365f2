import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Attachment } from "../src/api";
import { choose, EVERYTHING, fileType, folded, mayStopWaiting, SORT_KEYS, type Choice } from "../src/page/rows";
import { file, free, mine, others } from "./cast";

/** What `lockpoint/domain/words.py` is held to, too. */
interface Table {
  readonly folded: readonly (readonly [string, string])[];
  readonly found: readonly (readonly [string, string, boolean])[];
  readonly ordered: readonly string[];
}

const files: readonly Attachment[] = [
  file("1", "budget 10.xlsx", mine({ secondsLeft: 50 }), { fileSize: 30 }),
  file("2", "budget 9.xlsx", others({ secondsLeft: null, protection: "unprotected" }), { fileSize: 10 }),
  file("3", "Zebra.pdf", free(), { fileSize: 20 }),
  file("4", "apple.pdf", others({ protection: "restoring", secondsLeft: 10 }), { fileSize: 20 }),
];

const ids = (choice: Partial<Choice>): string => choose(files, { ...EVERYTHING, ...choice }, "en").map(({ id }) => id).join("");

describe("the list", () => {
  test("is in the order of names, numbers by value, capitals ignored", () => {
    expect(ids({})).toBe("4213");
  });

  test("finds names and owners, every word of the search", () => {
    expect(ids({ query: "BUDGET" })).toBe("21");
    expect(ids({ query: "  brown 9 " })).toBe("2");
    expect(ids({ query: "nobody" })).toBe("");
  });

  test("finds a letter however it was typed", () => {
    const found = (title: string, query: string) => choose([file("1", title)], { ...EVERYTHING, query }, "de").length;
    expect(found("U\u0308bersicht.odt", "\u00fcbersicht")).toBe(1);
    expect(found("Stra\u00dfe.txt", "STRASSE")).toBe(1);
    expect(found("\uff22udget.txt", "budget")).toBe(1);
  });

  test("finds and orders names as the API does", () => {
    const table = JSON.parse(readFileSync(join(import.meta.dirname, "../../tests/support/words.json"), "utf8")) as Table;
    for (const [text, form] of table.folded) expect(folded(text)).toBe(form);
    for (const [title, query, there] of table.found) {
      expect(choose([file("1", title)], { ...EVERYTHING, query }, "en").length, title).toBe(there ? 1 : 0);
    }
    const rows = [...table.ordered].reverse().map((title, place) => file(String(place), title));
    expect(choose(rows, EVERYTHING, "en").map(({ title }) => title)).toEqual(table.ordered);
  });

  test("filters by state, and by locks that need attention", () => {
    expect(ids({ filter: "free" })).toBe("3");
    expect(ids({ filter: "mine" })).toBe("1");
    expect(ids({ filter: "other" })).toBe("42");
    expect(ids({ filter: "attention" })).toBe("42");
  });

  test("sorts by size in both directions, equal sizes by name", () => {
    expect(ids({ sort: { key: "size", descending: false } })).toBe("2431");
    expect(ids({ sort: { key: "size", descending: true } })).toBe("1432");
  });

  test("keeps files without an end at the end in both directions", () => {
    expect(ids({ sort: { key: "endsIn", descending: false } })).toBe("4123");
    expect(ids({ sort: { key: "endsIn", descending: true } })).toBe("2143");
  });

  test.each(SORT_KEYS)("sorting by %s loses no row", (key) => {
    expect([...ids({ sort: { key, descending: true } })].sort().join("")).toBe("1234");
  });

  test("the order does not depend on the order the server used", () => {
    const turned = choose([...files].reverse(), { ...EVERYTHING, sort: { key: "waiting", descending: false } }, "en");
    expect(turned.map(({ id }) => id).join("")).toBe("4213");
  });

  test("the type is the ending of the name, or else of the media type", () => {
    expect(fileType(file("1", "a.tar.gz"))).toBe("GZ");
    expect(fileType(file("1", "README", free(), { mediaType: "text/plain; charset=utf-8" }))).toBe("PLAIN");
    expect(fileType(file("1", ".profile", free(), { mediaType: "" }))).toBe("");
  });
});

describe("who waits", () => {
  const waiting = others({ notifyMe: { asked: true, count: 1, position: 1 } });
  const shut = { ...waiting, unprotectedReason: "app_blocked", can: { ...waiting.can, notifyMe: false } };

  test("may stop, and who does not wait has nothing to stop", () => {
    expect([waiting, others()].map(mayStopWaiting)).toEqual([true, false]);
  });

  test("may stop where the app is shut out only if they may edit the page", () => {
    expect([shut, { ...shut, can: { ...shut.can, giveAccess: true } }].map(mayStopWaiting)).toEqual([false, true]);
  });
});
