import { describe, expect, test } from "vitest";
import type { Health, SiteSettings } from "../../src/api";
import { allGreen, checksOf } from "../../src/getStarted/checks";
import { accessState, grouped, jobOf, mailsByResult, pointsState, reasonOf, undoing } from "../../src/health/rules";
import { others } from "../cast";

const NOW = "2026-11-28T12:30:00Z";

function health(change: Partial<Health> = {}): Health {
  return {
    locks: { live: 3, unprotected: [], licensed: true },
    points: { used: 10, most: 100, until: "2026-11-28T13:00:00Z", blockedUntil: null },
    mails: { results: { sent: 2 }, withoutAddress: 0, toldInComments: 0, refused: 0, waiting: 0, parked: 0 },
    parkedJobs: {}, restoreSelfTest: { result: "works", at: NOW }, forge: null, serverTime: NOW, ...change,
  };
}

const HEARD = { lastEventAt: null, lastTickAt: null, formerSite: false };

describe("health", () => {
  test("locks that do not protect stand under their reason, what a newer server knows under another", () => {
    const file = (id: string, unprotectedReason: string) =>
      ({ id, title: id, open: null, pageId: "1", pageTitle: "Page", lock: { ...others(), unprotectedReason } });
    const reasons = [{ reason: "paused", count: 1 }, { reason: "app_blocked", count: 2 }, { reason: "unheard_of", count: 1 }];
    const found = grouped(reasons, [file("a", "app_blocked"), file("b", "paused")]);
    expect(found.map(({ reason, count, files }) => [reason, count, files.map(({ id }) => id)])).toEqual([
      ["app_blocked", 2, ["a"]], ["paused", 1, ["b"]], ["other", 1, []],
    ]);
    expect([reasonOf(null), jobOf("sweep"), jobOf("new")]).toEqual(["other", "sweep", "other"]);
  });

  test("mails without an address are one number", () => {
    expect(mailsByResult({ sent: 5, hidden: 2, not_approved: 4, odd: 1 })).toEqual([["noAddress", 6], ["sent", 5], ["other", 1]]);
  });

  test("points are used up, nearly, not at all, or not counted", () => {
    const points = { used: 10, most: 100, until: NOW, blockedUntil: null };
    expect(pointsState(points, NOW)).toBe("good");
    expect(pointsState({ ...points, used: 80 }, NOW)).toBe("low");
    expect(pointsState({ ...points, used: null }, NOW)).toBe("unknown");
    expect(pointsState({ ...points, blockedUntil: "2026-11-28T12:31:00Z" }, NOW)).toBe("blocked");
    expect(pointsState({ ...points, blockedUntil: "2026-11-28T12:29:00Z" }, NOW)).toBe("good");
  });

  test("access through Forge is there, ends soon, or is missing", () => {
    const renewedAt = "2026-11-28T11:00:00Z";
    expect(accessState({ ...HEARD, accessUntil: "2026-11-28T13:00:00Z", renewedAt }, NOW)).toBe("good");
    expect(accessState({ ...HEARD, accessUntil: "2026-11-28T12:59:59Z", renewedAt }, NOW)).toBe("ending");
    expect(accessState({ ...HEARD, accessUntil: null, renewedAt }, NOW)).toBe("none");
  });

  test("copy mode undoes where Confluence does not", () => {
    expect([undoing("works", true), undoing("refused", true), undoing("refused", false), undoing("unknown", true)])
      .toEqual(["works", "copy", "refused", "unknown"]);
  });
});

describe("get started", () => {
  const settings = { active: true, copyMode: false } as SiteSettings;
  const found = (seen: Partial<Parameters<typeof checksOf>[0]>) =>
    Object.fromEntries(checksOf({ health: health(), settings, locked: true, ...seen }));

  test("all is green when everything works", () => {
    expect(allGreen(checksOf({ health: health(), settings, locked: true }))).toBe(true);
  });

  test("each check finds its own trouble, and no other", () => {
    const mails = health().mails;
    const green = { licence: "done", restore: "done", mail: "done", on: "done", lock: "done" };
    const refused = { ...health(), mails: mails === null ? null : { ...mails, results: { refused: 1 }, refused: 1 } };
    expect(found({ locked: false })).toEqual({ ...green, lock: "todo" });
    expect(found({ settings: { ...settings, active: false } })).toEqual({ ...green, on: "todo" });
    expect(found({ health: refused })).toEqual({ ...green, mail: "problem" });
    expect(found({ health: health({ mails: null }) })).toEqual({ ...green, mail: "todo" });
    expect(found({ health: health({ restoreSelfTest: null }) })).toEqual({ ...green, restore: "todo" });
    expect(found({ health: health({ restoreSelfTest: { result: "refused", at: NOW } }) })).toEqual({ ...green, restore: "problem" });
    expect(found({ health: health({ locks: { live: 0, unprotected: [], licensed: false } }) })).toEqual({ ...green, licence: "problem" });
  });
});
