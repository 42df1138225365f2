import { describe, expect, test } from "vitest";
import type { EndReason, LastEnded } from "../src/api";
import { endedWords, endingShown, leftWords, stateWords, unprotectedWords } from "../src/page/lockWords";
import { rowProblemWords } from "../src/page/refusals";
import { dropWords, uploadWords } from "../src/page/uploadWords";
import { noticeWords } from "../src/page/words";
import { problemWords } from "../src/problems";
import { ALICE, BOB, DANA, file, free, mine, others, voice } from "./cast";

const ended = (reason: EndReason, change: Partial<LastEnded> = {}): LastEnded => ({
  reason, by: DANA, at: "2026-11-21T11:00:00Z", why: null, ...change,
});
const problem = { code: "", message: "", lock: null, retryAfter: null };
const row = file("1", "plan.pdf");

describe("words", () => {
  test("every state has words of its own", () => {
    const states = [free(), mine(), others(), free({ state: "ending" })];
    expect(states.map((lock) => stateWords(lock, voice.t))).toEqual([
      "Not locked", "Locked by you", "Locked by Bob Brown", "Lock is ending",
    ]);
  });

  test("an owner whose name the viewer may not see is somebody", () => {
    expect(stateWords(others({ holder: { ...BOB, displayName: "" } }), voice.t)).toBe("Locked by somebody");
    expect(stateWords(others({ holder: null }), voice.t)).toBe("Locked by somebody");
  });

  test("an unknown reason for missing protection still says what it means", () => {
    const why = (unprotectedReason: string | null) => unprotectedWords(mine({ unprotectedReason }), voice);
    expect(why("restore_refused")).toContain("copy mode");
    expect(why("unlicensed")).toContain("no licence");
    expect(why("new_reason")).toBe("Uploads by others are not undone at the moment.");
    expect(why(null)).toBe("Uploads by others are not undone at the moment.");
  });

  test("a pause says when it ends", () => {
    const paused = mine({ unprotectedReason: "paused", pausedUntil: "2026-11-21T09:22:00Z" });
    expect(unprotectedWords(paused, voice)).toContain(`paused until ${voice.formats.moment("2026-11-21T09:22:00Z")}`);
    expect(unprotectedWords(mine({ unprotectedReason: "paused" }), voice)).toContain("goes on in a moment");
  });

  test("time left is counted down from the server's figure", () => {
    expect(leftWords(mine({ secondsLeft: 7_260 }), 0, voice)).toBe("2 hrs 1 min");
    expect(leftWords(mine({ secondsLeft: 7_260 }), 7_200, voice)).toBe("1 min");
    expect(leftWords(mine({ secondsLeft: 172_799 }), 0, voice)).toBe("2 days");
    expect(leftWords(mine({ secondsLeft: 172_800 }), 3_601, voice)).toBe("1 day 23 hrs");
    expect(leftWords(mine({ secondsLeft: 3_599 }), 0, voice)).toBe("1 hr");
    expect(leftWords(mine({ secondsLeft: 3_599 }), 61, voice)).toBe("59 mins");
    expect(leftWords(mine({ secondsLeft: 30 }), 600, voice)).toBe("under a minute");
    expect(leftWords(mine({ secondsLeft: null }), 0, voice)).toBe("No end");
  });

  test("the end of a lock says who, when and why", () => {
    expect(endedWords(ended("broken", { why: "release day" }), voice)).toBe(
      "Lock ended by Dana Diaz, 12:00. Reason: release day",
    );
    expect(endedWords(ended("expired", { by: null }), voice)).toBe("Expired, 12:00");
    expect(endedWords(ended("handed_over"), voice)).toBe("Handed over by Dana Diaz, 12:00");
  });

  test("a lost lock says who took it and when", () => {
    const lost = { id: 1, kind: "lost", title: "plan.pdf", ended: ended("taken_over", { why: "urgent" }) } as const;
    expect(noticeWords(lost, voice)).toBe("Your lock on plan.pdf was taken over by Dana Diaz at 12:00. Reason: urgent");
    expect(noticeWords({ ...lost, ended: null }, voice)).toBe("Your lock on plan.pdf has ended.");
    const given = { ...lost, ended: ended("handed_over") } as const;
    expect(noticeWords(given, voice)).toBe("Dana Diaz handed your lock on plan.pdf over at 12:00.");
  });

  test("a lost race names the winner", () => {
    const lost = { ...problem, code: "already_locked", lock: others({ since: "2026-11-21T09:12:00Z" }) };
    expect(rowProblemWords(row.title, lost, voice)).toBe("Bob Brown locked plan.pdf first, since 10:12.");
    expect(rowProblemWords(row.title, { ...lost, lock: null }, voice)).toBe("Somebody else locked plan.pdf first.");
  });

  test("a lock that had ended says how", () => {
    const gone = { ...problem, code: "lock_lost", lock: free({ lastEnded: ended("released", { by: ALICE }) }) };
    expect(rowProblemWords(row.title, gone, voice)).toBe(
      "This lock on plan.pdf had already ended. Unlocked by you, 12:00.",
    );
  });

  test.each([
    "forbidden", "unlicensed", "unauthorized", "too_many", "too_many_requests", "offline", "busy", "not_found", "invalid_request",
    "ending", "out_of_date", "app_blocked", "in_progress", "anything else",
  ])("%s is a sentence", (code) => {
    expect(rowProblemWords(row.title, { ...problem, code }, voice)).toMatch(/^[A-Z].*[.:] ?$|plan\.pdf/);
    expect(problemWords({ ...problem, code }, voice.t)).not.toBe("");
  });

  test("a long wait is told in minutes", () => {
    const busy = { ...problem, code: "busy", retryAfter: 1790 };
    expect(problemWords(busy, voice.t)).toBe(
      "Lockpoint has used up what Confluence allows it this hour. It goes on in 30 min.",
    );
    expect(problemWords({ ...busy, retryAfter: 40 }, voice.t)).toBe(
      "Confluence cannot be reached right now. Try again in 40 s.",
    );
    expect(problemWords({ ...busy, code: "too_many_requests" }, voice.t)).toContain("in 30 min");
  });

  test("how the last lock ended is shown while nobody holds the file, or where a manager gave a reason", () => {
    const last = (reason: EndReason, why: string | null) => ({ lastEnded: ended(reason, { why }) });
    expect(endingShown(free(last("released", null)))).not.toBeNull();
    expect(endingShown(mine(last("released", null)))).toBeNull();
    expect(endingShown(mine(last("taken_over", null)))).toBeNull();
    expect(endingShown(mine(last("taken_over", "urgent")))?.why).toBe("urgent");
    expect(endingShown(others(last("handed_over", "words of the owner")))).toBeNull();
  });

  test("an upload is told with what to do", () => {
    const sent = new File(["x"], "new.pdf");
    const failed = (why: "offline" | "tooLarge") => uploadWords(row, { step: "failed", file: sent, why }, voice);
    expect(failed("offline")).toContain("compare the version above");
    expect(failed("tooLarge")).toContain("larger than this site allows");
    expect(uploadWords(row, { step: "sent", file: "new.pdf", lockId: "L1", endsItself: false }, voice)).toBe("new.pdf is in Confluence as version 3.");
    expect(uploadWords(row, { step: "refused", why: "several", file: "" }, voice)).toContain("Drop one file");
  });

  test("a row says why nothing can be dropped on it", () => {
    expect(dropWords(file("1", "a.pdf", mine()), true, voice)).toBe("Drop the new version here");
    expect(dropWords(file("1", "a.pdf", mine()), false, voice)).toContain("may not change");
    expect(dropWords(file("1", "a.pdf", others()), true, voice)).toContain("Bob Brown has locked a.pdf");
    expect(dropWords(file("1", "a.pdf", free()), true, voice)).toContain("Lock a.pdf first");
    expect(dropWords(file("1", "a.pdf", free({ can: { ...free().can, lock: false } })), false, voice)).toContain("may not change");
    expect(dropWords(file("1", "a.pdf", free({ state: "ending" })), true, voice)).toContain("just ending");
  });
});
