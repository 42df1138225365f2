import { describe, expect, test } from "vitest";
import type { MyData, Preferences } from "../../src/api";
import { confluenceGroups, databaseGroups, entriesOf } from "../../src/myLocks/myData";
import { changed, languageName, languagesFor, withMail, zonesFor } from "../../src/myLocks/preferences";

const ALL: Preferences = {
  mails: { lockEnded: true, overwriteAttempt: true, unprotected: true, lockWillEnd: true, editRequest: true, editAnswer: true, endlessLocks: true },
  locale: null, timeZone: null, restricted: false,
};

describe("preferences", () => {
  test("only a change can be saved", () => {
    const without = withMail(ALL, "lockWillEnd", false);
    expect(changed(ALL, without)).toBe(true);
    expect(changed(ALL, withMail(without, "lockWillEnd", true))).toBe(false);
    expect(changed(ALL, { ...ALL, timeZone: "Asia/Tokyo" })).toBe(true);
    expect(changed(ALL, { ...ALL, restricted: true })).toBe(true);
  });

  test("what was chosen elsewhere can be chosen here", () => {
    expect(languagesFor({ ...ALL, locale: "pt-BR" })).toContain("pt-BR");
    expect(languagesFor(ALL)).toHaveLength(6);
    expect(languageName("de")).toBe("Deutsch");
    expect(zonesFor({ ...ALL, timeZone: "Mars/Base" })[0]).toBe("Mars/Base");
  });
});

describe("my data", () => {
  const data: MyData = {
    site: "https://acme.example", accountId: "a", collectedAt: "2026-11-21T12:00:00Z", complete: true, notes: [], purposes: {},
    database: { audit_event: [{ kind: "acquired" }], brand_new: [{ x: 1 }] },
    locks: [{ attachment: "1" }], ended: [], waiting: [], requests: [], preferences: {},
  };

  test("nothing is left out, also of tables that this screen does not know", () => {
    expect(confluenceGroups(data).filter(({ rows }) => rows.length > 0).map(({ name }) => name)).toEqual(["locks"]);
    expect(databaseGroups(data).filter(({ rows }) => rows.length > 0).map(({ name }) => name)).toEqual(["audit_event", "other"]);
  });

  test("a row is shown without what is empty, members of members by both names", () => {
    const entries = entriesOf({ attachment_id: "7", note: null, lock: { held_by: "a", reasons: ["x", "y"], none: [] }, done: false });
    expect(entries).toEqual([
      { name: "attachment id", value: "7" }, { name: "lock: held by", value: "a" }, { name: "lock: reasons", value: "x, y" }, { name: "done", value: false },
    ]);
  });
});
