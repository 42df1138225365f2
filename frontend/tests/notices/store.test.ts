import { describe, expect, test } from "vitest";
import type { OwnNotice } from "../../src/api";
import { NoticeStore, pollDelay, tabMemory } from "../../src/notices/store";
import { noticeWords } from "../../src/notices/words";
import { BOB, voice } from "../cast";

function notice(id: string, change: Partial<OwnNotice> = {}): OwnNotice {
  return {
    id, kind: "upload_undone", at: "2026-11-21T11:59:00Z", attachmentId: "7", title: "plan.docx", open: "https://acme.example/open/7",
    version: 3, lockId: "L1", detail: "undone", person: BOB, ...change,
  };
}

/** The storage of a browser tab. */
function storage(): Storage {
  const held = new Map<string, string>();
  return { getItem: (key: string) => held.get(key) ?? null, setItem: (key: string, value: string) => { held.set(key, value); } } as unknown as Storage;
}

const closed = (): Storage => { throw new Error("The browser closes storage to frames."); };

describe("notices on an open screen", () => {
  test("each is shown once in the life of a tab, whichever of its frames asks", async () => {
    const tab = storage();
    let recent: readonly OwnNotice[] | null = [notice("2"), notice("1")];
    const api = { recent: async () => recent };
    const first = new NoticeStore(api, tabMemory(() => tab));
    await first.poll();
    expect(first.get().shown.map(({ id }) => id)).toEqual(["2", "1"]);
    const other = new NoticeStore(api, tabMemory(() => tab));
    await other.poll();
    expect(other.get().shown).toEqual([]);
    recent = [notice("3"), notice("2")];
    await first.poll();
    expect(first.get().shown.map(({ id }) => id)).toEqual(["3", "2", "1"]);
    first.dismiss("2");
    recent = null;
    await first.poll();
    expect(first.get().shown.map(({ id }) => id)).toEqual(["3", "1"]);
  });

  test("without storage a frame remembers for itself", async () => {
    const store = new NoticeStore({ recent: async () => [notice("1")] }, tabMemory(closed));
    await store.poll();
    store.dismissAll();
    await store.poll();
    expect(store.get().shown).toEqual([]);
  });

  test("what the screen tells by itself is left to it, and to other screens", async () => {
    const tab = storage();
    const api = { recent: async () => [notice("1", { kind: "file_available", detail: null })] };
    const dialog = new NoticeStore(api, tabMemory(() => tab), new Set(["file_available"] as const));
    await dialog.poll();
    expect(dialog.get().shown).toEqual([]);
    const list = new NoticeStore(api, tabMemory(() => tab));
    await list.poll();
    expect(list.get().shown).toHaveLength(1);
  });

  test("within 15 seconds while somebody sees it, less often after failures", async () => {
    expect(pollDelay(false, 0)).toBeLessThan(15_000);
    expect(pollDelay(true, 0)).toBeNull();
    expect(pollDelay(false, 9)).toBe(60_000);
    const store = new NoticeStore({ recent: () => Promise.reject(new Error("busy")) }, tabMemory(closed));
    await store.poll();
    expect(store.get().failures).toBe(1);
  });

  test.each([
    [{}, "Your upload of plan.docx was undone", "Bob Brown has locked this file."],
    [{ detail: "not_undone" }, "plan.docx is locked by Bob Brown", "could not be undone"],
    [{ detail: "strict", person: null }, "Your change of plan.docx was undone", "must be locked before"],
    [{ kind: "overwrite_attempt" }, "Bob Brown uploaded over plan.docx", "was undone"],
    [{ kind: "overwrite_attempt", detail: "trashed_renamed", person: null }, "plan.docx was thrown away", "brought back"],
    [{ kind: "lock_ended_by_other", detail: "taken_over" }, "Bob Brown took over your lock on plan.docx", "shows the reason"],
    [{ kind: "lock_ended", detail: "file_gone", title: null }, "A file that you had locked was deleted", "has ended"],
    [{ kind: "lock_ended", detail: "expired" }, "Your lock on plan.docx ran out", "Lock it again"],
    [{ kind: "edit_request", detail: null }, "Bob Brown asks for plan.docx", "hand the file over"],
    [{ kind: "edit_answer", detail: "declined" }, "Bob Brown declined your request for plan.docx", "the answer"],
    [{ kind: "unprotected", detail: "app_blocked", title: null }, "a file is not protected", "says why"],
  ] as const)("%o", (change, title, text) => {
    const words = noticeWords(notice("1", change as Partial<OwnNotice>), voice);
    expect(words?.title).toBe(title);
    expect(words?.text).toContain(text);
  });

  test("a kind that is not known yet says nothing", () => {
    expect(noticeWords(notice("1", { kind: "summary" }), voice)).toBeNull();
  });
});
