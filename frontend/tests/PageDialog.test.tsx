import { cleanup, render, screen, waitFor, within } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Attachment, EditRequest } from "../src/api";
import type { Host } from "../src/host";
import { ManyFiles } from "../src/page/many";
import { PageDialog } from "../src/page/PageDialog";
import { Uploads } from "../src/page/uploads";
import { PageStore } from "../src/page/store";
import { blocked, DANA, FakeServer, file, free, MADE, manageable, mine, others, refusal, unreadable, voice } from "./cast";

afterEach(cleanup);

async function open(server: FakeServer) {
  const store = new PageStore(server, "98311", () => 0);
  const onClose = vi.fn();
  const download = vi.fn<(row: Attachment) => void>();
  const upload = vi.fn<Host["upload"]>(async () => Promise.resolve());
  const many = new ManyFiles(store, server, { newId: () => "r1", wait: async () => Promise.resolve() });
  const uploads = new Uploads(store, { host: { upload }, api: server, contentId: "98311", now: () => 0 });
  const me = { ...voice, me: null };
  render(<PageDialog {...{ store, many, uploads, onClose, download }} voice={me} now={() => 0} />);
  await store.refresh();
  await waitFor(() => expect(screen.queryByText(/^Loading/)).toBeNull());
  return { store, onClose, download, upload, user: userEvent.setup() };
}

function rowOf(title: string): HTMLElement {
  return screen.getByRole("row", { name: new RegExp(title.replace(".", "\\.")) });
}

/** Open a row's menu and choose an item. */
async function choose(user: ReturnType<typeof userEvent.setup>, title: string, item: string): Promise<void> {
  await user.click(button(`More for ${title}`));
  await user.click(screen.getByRole("menuitem", { name: item }));
}

const button = (name: string | RegExp): HTMLElement => screen.getByRole("button", { name });

describe("the page dialog", () => {
  test("shows each file with its state in words, owner, note, end and waiting people", async () => {
    await open(new FakeServer(
      file("1", "budget.xlsx", others({ note: "back on Friday", notifyMe: { asked: true, count: 2, position: 2 } })),
      file("2", "logo.png", free()),
    ));
    const budget = within(rowOf("budget.xlsx"));
    for (const words of ["Locked by Bob Brown", "back on Friday", "10:12", "2 hrs 1 min", "2 people waiting", "You are number 2"]) {
      expect(budget.getAllByText(words, { exact: false }).length).toBeGreaterThan(0);
    }
    expect(budget.getByRole("cell", { name: "XLSX" })).toBeTruthy();
    expect(within(rowOf("logo.png")).getByText("Not locked")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Download logo.png" }).getAttribute("href")).toBe("https://acme.example/download/2");
    expect(screen.getByText(/own list of attachments can't show locks/)).toBeTruthy();
  });

  test("calls the viewer you as the owner, whose own name no list asks for", async () => {
    const holder = { accountId: "acc-alice", displayName: null };
    await open(new FakeServer(file("1", "a.txt", mine({ holder }))));
    expect(within(rowOf("a.txt")).getByText("you")).toBeTruthy();
    expect(within(rowOf("a.txt")).queryByText("?")).toBeNull();
    expect(within(rowOf("a.txt")).queryByText("somebody")).toBeNull();
  });

  test("says that a lock does not protect, and why", async () => {
    await open(new FakeServer(file("1", "a.txt", mine({ protection: "unprotected", unprotectedReason: "restore_refused" }))));
    expect(screen.getByText("Not protected")).toBeTruthy();
    expect(screen.getByText(/refuses to restore/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Give access" })).toBeNull();
  });

  test("shows an odd file by its name among the others, with nothing to press", async () => {
    const odd = { mediaType: null, fileSize: null, version: null, links: null };
    await open(new FakeServer(
      file("1", "a.txt"), file("2", "odd.txt", unreadable(), odd), file("3", "", unreadable(), odd),
    ));
    expect(within(rowOf("a.txt")).getByRole("button", { name: "Lock a.txt" })).toBeTruthy();
    for (const name of ["odd.txt", "File without a name"]) {
      const row = within(rowOf(name));
      expect(row.getByText("Cannot be read")).toBeTruthy();
      expect(row.queryByRole("button")).toBeNull();
      expect(row.queryByRole("link")).toBeNull();
    }
  });

  test("gives the app access with one click, and the lock can be ended without", async () => {
    const server = new FakeServer(file("1", "a.txt", blocked()));
    const { user } = await open(server);
    expect(button("Unlock a.txt")).toBeTruthy();
    await user.click(button("Give access"));
    expect(await screen.findByText("Lockpoint has access to this page now.")).toBeTruthy();
    expect(server.writes()).toEqual([["giveAccess", "98311"]]);
    await waitFor(() => expect(screen.queryByRole("button", { name: "Give access" })).toBeNull());
  });

  test.each([[409, "app_blocked", /add Lockpoint to those/], [403, "forbidden", /add Lockpoint to those/], [503, "busy", /Confluence cannot be reached/]])(
    "says what to do where access cannot be given (%i)", async (status, code, words) => {
      const server = new FakeServer(file("1", "a.txt", blocked()));
      const { user } = await open(server);
      server.failNext = refusal(status, code);
      await user.click(button("Give access"));
      expect(await screen.findByText(words)).toBeTruthy();
      expect(button("Give access").getAttribute("aria-disabled")).toBe("false");
    });

  test("says that an upload is being undone", async () => {
    await open(new FakeServer(file("1", "a.txt", others({ protection: "restoring" }))));
    expect(screen.getByText("Restoring")).toBeTruthy();
  });

  test("locks with one click and tells so", async () => {
    const server = new FakeServer(file("1", "a.txt"));
    const { user } = await open(server);
    await user.click(button("Lock a.txt"));
    expect(await screen.findByText("a.txt is locked for you.")).toBeTruthy();
    expect(server.writes()).toEqual([["acquire", "1", { seenVersion: 3, seenVersionCreated: MADE }]]);
    expect(button("Unlock a.txt")).toBeTruthy();
  });

  test("locks with a duration, a note and the wish to unlock after the next upload", async () => {
    const server = new FakeServer(file("1", "a.txt"));
    const { user, download } = await open(server);
    await choose(user, "a.txt", "Lock with options…");
    await user.selectOptions(screen.getByLabelText("Unlock by itself after"), "8 hours");
    await user.type(screen.getByLabelText("Note for others"), " new figures ");
    await user.click(screen.getByLabelText("Unlock after my next upload"));
    await user.click(button("Lock and download"));
    await waitFor(() => expect(download).toHaveBeenCalledOnce());
    expect(server.writes()).toEqual([
      ["acquire", "1", { seenVersion: 3, seenVersionCreated: MADE, hours: 8, note: "new figures", unlockOnUpload: true }],
    ]);
    expect(screen.queryByLabelText("Note for others")).toBeNull();
  });

  test.each(["0", "1.5", "-3", "soon", " ", "9000"])("does not send %s as a number of hours", async (hours) => {
    const server = new FakeServer(file("1", "a.txt"));
    const { user } = await open(server);
    await choose(user, "a.txt", "Lock with options…");
    await user.selectOptions(screen.getByLabelText("Unlock by itself after"), "Another time…");
    await user.type(screen.getByLabelText("Hours"), hours);
    await user.click(within(screen.getByRole("form")).getByRole("button", { name: "Lock" }));
    expect(screen.getByText("Enter whole hours from 1 to 8,760.")).toBeTruthy();
    expect(server.writes()).toEqual([]);
  });

  test("an open form keeps its words and its focus over a refresh", async () => {
    const server = new FakeServer(file("1", "a.txt"), file("2", "b.txt"));
    const { user, store } = await open(server);
    await choose(user, "b.txt", "Lock with options…");
    const note = screen.getByLabelText<HTMLTextAreaElement>("Note for others");
    await user.type(note, "half a sen");
    server.files = [file("3", "0.txt"), file("2", "b.txt", others()), file("1", "a.txt")];
    await store.refresh();
    expect(await screen.findByText(/changed while you were writing: Locked by Bob Brown/)).toBeTruthy();
    expect(screen.getByLabelText("Note for others")).toBe(note);
    expect(note.value).toBe("half a sen");
    expect(document.activeElement).toBe(note);
  });

  test("Escape closes the form and leaves the dialog open", async () => {
    const { user, onClose } = await open(new FakeServer(file("1", "a.txt")));
    const outside = vi.fn();
    document.addEventListener("keydown", outside);
    await choose(user, "a.txt", "Lock with options…");
    await user.keyboard("{Escape}");
    document.removeEventListener("keydown", outside);
    expect(screen.queryByRole("form")).toBeNull();
    await waitFor(() => expect(document.activeElement).toBe(button("More for a.txt")));
    expect(outside).not.toHaveBeenCalled();
    expect(onClose).not.toHaveBeenCalled();
  });

  test("the focus goes to what replaced the pressed button", async () => {
    const { user } = await open(new FakeServer(file("1", "a.txt")));
    button("Lock a.txt").focus();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(document.activeElement).toBe(button("Unlock a.txt")));
  });

  test("a lost race is told at the row, with the winner", async () => {
    const server = new FakeServer(file("1", "a.txt"));
    const { user } = await open(server);
    const lock = others();
    server.files = [file("1", "a.txt", lock)];
    server.failNext = refusal(409, "already_locked", lock);
    await user.click(button("Lock a.txt"));
    expect((await screen.findByRole("alert")).textContent).toContain("Bob Brown locked a.txt first, since 10:12.");
    await user.click(button("Dismiss"));
    expect(screen.queryByRole("alert")).toBeNull();
  });

  test.each([
    ["End lock…", "End lock", "break"],
    ["Take over…", "Take over", "takeOver"],
  ])("%s needs a reason", async (item, submit, call) => {
    const server = new FakeServer(file("1", "a.txt", manageable()));
    const { user } = await open(server);
    await choose(user, "a.txt", item);
    const form = within(screen.getByRole("form"));
    await user.click(form.getByRole("button", { name: submit }));
    expect(form.getByText("Enter a reason.")).toBeTruthy();
    await user.type(form.getByLabelText("Reason"), "release day");
    await user.click(form.getByRole("button", { name: submit }));
    await waitFor(() => expect(server.writes()).toEqual([[call, "1", "L2", "release day"]]));
  });

  test("offers only what the server allows", async () => {
    await open(new FakeServer(file("1", "a.txt", others()), file("2", "b.txt", free({ can: { ...free().can, lock: false } }))));
    expect(within(rowOf("a.txt")).getAllByRole("button").map((one) => one.textContent)).toEqual(["Notify me"]);
    expect(within(rowOf("b.txt")).queryAllByRole("button")).toEqual([]);
  });

  test("a person can ask to be told, and cancel", async () => {
    const server = new FakeServer(file("1", "a.txt", others()));
    const { user } = await open(server);
    await user.click(button("Notify me when a.txt is unlocked"));
    await user.click(await screen.findByRole("button", { name: "Stop notifying me about a.txt" }));
    expect(server.writes().map(([name]) => name)).toEqual(["askNotice", "cancelNotice"]);
  });

  test("a lock that was taken over while the dialog was open is announced", async () => {
    const server = new FakeServer(file("1", "a.txt", mine()));
    const { store, user } = await open(server);
    server.files = [file("1", "a.txt", others({
      lastEnded: { reason: "taken_over", by: DANA, at: "2026-11-21T11:00:00Z", why: "urgent" },
    }))];
    await store.refresh();
    expect(await screen.findByText("Your lock on a.txt was taken over by Dana Diaz at 12:00. Reason: urgent")).toBeTruthy();
    await user.click(button("Dismiss"));
    expect(screen.queryByText(/^Your lock on/)).toBeNull();
  });

  test("searches, filters and says how many are shown", async () => {
    const { user } = await open(new FakeServer(file("1", "a.txt"), file("2", "b.txt", mine()), file("3", "c.txt", others())));
    await user.type(screen.getByRole("searchbox"), "brown");
    expect(screen.getByText("1 of 3 attachments")).toBeTruthy();
    await user.clear(screen.getByRole("searchbox"));
    await user.selectOptions(screen.getByLabelText("Show"), "mine");
    expect(screen.getAllByRole("rowheader").map((cell) => cell.querySelector("a")?.textContent)).toEqual(["b.txt"]);
    await user.type(screen.getByRole("searchbox"), "zzz");
    await user.click(button("Show all"));
    expect(screen.getByText("3 attachments")).toBeTruthy();
  });

  test("a column head sorts, and again turns the order round", async () => {
    const { user } = await open(new FakeServer(
      file("1", "a.txt", free(), { fileSize: 5 }), file("2", "b.txt", free(), { fileSize: 1 }),
    ));
    const titles = (): readonly (string | null | undefined)[] =>
      screen.getAllByRole("rowheader").map((cell) => cell.querySelector("a")?.textContent);
    await user.click(button("Size"));
    expect(titles()).toEqual(["b.txt", "a.txt"]);
    expect(screen.getByRole("columnheader", { name: "Size" }).getAttribute("aria-sort")).toBe("ascending");
    await user.click(button("Size"));
    expect(titles()).toEqual(["a.txt", "b.txt"]);
  });

  test("draws a long list in steps", async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => file(String(index), `file ${index}.txt`));
    await open(new FakeServer(...many));
    expect(screen.getAllByRole("rowheader").length).toBeLessThan(100);
    expect(screen.getByRole("table").getAttribute("aria-rowcount")).toBe("1001");
    expect(screen.getByText("1,000 attachments")).toBeTruthy();
  });

  test("a page without attachments says what to do", async () => {
    await open(new FakeServer());
    expect(screen.getByText("This page has no attachments yet")).toBeTruthy();
  });

  test("a viewer learns why there is nothing to lock", async () => {
    const server = new FakeServer(file("1", "a.txt", others()));
    server.viewer = { ...server.viewer, mayEdit: false };
    await open(server);
    expect(screen.getByText(/but not edit it/)).toBeTruthy();
  });

  test("who holds a lock and may no longer edit may only unlock", async () => {
    const server = new FakeServer(file("1", "a.txt", mine({ can: { ...mine().can, extend: false } })));
    server.viewer = { ...server.viewer, mayEdit: false };
    await open(server);
    expect(button("Unlock a.txt")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Upload a new version of a.txt" })).toBeNull();
  });

  test("a failed start offers another try", async () => {
    const server = new FakeServer(file("1", "a.txt"));
    server.failNext = refusal(503, "busy");
    const { user } = await open(server);
    expect(screen.getByRole("alert").textContent).toContain("Confluence cannot be reached");
    await user.click(button("Try again"));
    expect(await screen.findByText("a.txt")).toBeTruthy();
  });

  test("a failed refresh says how old the list is", async () => {
    const server = new FakeServer(file("1", "a.txt"));
    const { store } = await open(server);
    server.failNext = refusal(500, "unexpected");
    await store.refresh();
    expect(await screen.findByText(/Last updated: 13:00/)).toBeTruthy();
    expect(screen.getByText("a.txt")).toBeTruthy();
  });

  test("the close button closes the dialog", async () => {
    const { user, onClose } = await open(new FakeServer());
    await user.click(button("Close"));
    expect(onClose).toHaveBeenCalledOnce();
  });

  test("names the page, and how many of its files are locked", async () => {
    await open(new FakeServer(file("1", "a.txt", mine()), file("2", "b.txt", others()), file("3", "c.txt")));
    expect(screen.getByRole("heading", { name: "File locks on Budget 2027" })).toBeTruthy();
    expect(screen.getByText("2 of 3 files locked")).toBeTruthy();
  });

  test("locks and downloads in one step", async () => {
    const { user, download } = await open(new FakeServer(file("1", "a.txt")));
    await choose(user, "a.txt", "Lock and download");
    await waitFor(() => expect(download).toHaveBeenCalledOnce());
  });

  test("a lost race downloads nothing", async () => {
    const server = new FakeServer(file("1", "a.txt"));
    const { user, download } = await open(server);
    server.failNext = refusal(409, "already_locked", others());
    await choose(user, "a.txt", "Lock and download");
    expect(await screen.findByRole("alert")).toBeTruthy();
    expect(download).not.toHaveBeenCalled();
  });

  test("extends with another time and without the old note", async () => {
    const server = new FakeServer(file("1", "a.txt", mine({ note: "old" })));
    const { user } = await open(server);
    await choose(user, "a.txt", "Extend with options…");
    expect(screen.getByLabelText<HTMLTextAreaElement>("Note for others").value).toBe("old");
    await user.clear(screen.getByLabelText("Note for others"));
    await user.selectOptions(screen.getByLabelText("Unlock by itself after"), "1 week");
    await user.click(within(screen.getByRole("form")).getByRole("button", { name: "Extend" }));
    await waitFor(() => expect(server.writes()).toEqual([["extend", "1", "L1", { hours: 168, note: "", unlockOnUpload: false }]]));
  });

  const asks = (change: Partial<EditRequest> = {}): EditRequest => ({ person: DANA, at: "2026-11-21T11:00:00Z", message: "An hour is enough.", declinedAt: null, note: null, ...change });

  test("the owner hands the file over to who asks, or declines with a note", async () => {
    const can = { ...mine().can, decline: true, handOver: true };
    const server = new FakeServer(file("1", "a.txt", mine({ requests: [asks()], can })), file("2", "b.txt", mine({ requests: [asks()], can })));
    server.next = others();
    const { user } = await open(server);
    expect(screen.getAllByText(/Dana Diaz asks for this file, 12:00/)).toHaveLength(2);
    expect(screen.getAllByText("An hour is enough.")).toHaveLength(2);
    await user.click(button("Hand over a.txt to Dana Diaz"));
    await user.click(button("Decline Dana Diaz's request for b.txt"));
    await user.type(screen.getByLabelText("Note (optional)"), "not today");
    await user.click(within(screen.getByRole("form")).getByRole("button", { name: "Decline" }));
    await waitFor(() => expect(server.writes()).toEqual([["handOver", "1", "L1", "d", null], ["decline", "2", "L1", "d", "not today"]]));
  });

  test("a manager gives a reason for a hand-over", async () => {
    const server = new FakeServer(file("1", "a.txt", others({ requests: [asks()], can: { ...others().can, handOver: true } })));
    const { user } = await open(server);
    await user.click(button("Hand over a.txt to Dana Diaz"));
    await user.type(screen.getByLabelText("Reason"), "Bob is ill");
    await user.click(within(screen.getByRole("form")).getByRole("button", { name: "Hand over" }));
    await waitFor(() => expect(server.writes()).toEqual([["handOver", "1", "L2", "d", "Bob is ill"]]));
  });

  test("asks for a file with a message, sees the answer, and may withdraw", async () => {
    const server = new FakeServer(file("1", "a.txt", others({ can: { ...others().can, request: true } })));
    const mineToo = asks({ person: { accountId: "a", displayName: "Alice Adams" }, message: "please" });
    server.next = others({ requests: [mineToo], can: { ...others().can, request: true, cancelRequest: true } });
    const { user, store } = await open(server);
    await choose(user, "a.txt", "Ask for the file…");
    await user.type(screen.getByLabelText("Message (optional)"), "please");
    await user.click(within(screen.getByRole("form")).getByRole("button", { name: "Ask" }));
    expect(await screen.findByText(/You asked Bob Brown for this file/)).toBeTruthy();
    server.next = others();
    await choose(user, "a.txt", "Withdraw request");
    expect(server.writes().map(([name]) => name)).toEqual(["request", "cancelRequest"]);
    server.files = [file("1", "a.txt", others({ requests: [{ ...mineToo, declinedAt: "2026-11-21T11:30:00Z", note: "no" }] }))];
    await store.refresh();
    expect(await screen.findByText(/Bob Brown declined, 12:30/)).toBeTruthy();
  });

  test("uploads a chosen file over the viewer's lock and offers to unlock", async () => {
    const server = new FakeServer(file("1", "a.txt", mine()));
    server.next = free();
    const { user, upload } = await open(server);
    await user.click(button("Upload a new version of a.txt"));
    const chooser = document.querySelector<HTMLInputElement>("input[type=file]");
    await user.upload(chooser ?? document.createElement("input"), new File(["new"], "mine.txt"));
    expect(await screen.findByText(/mine.txt is in Confluence as version 3/)).toBeTruthy();
    expect(upload).toHaveBeenCalledOnce();
    await user.click(button("Unlock a.txt now"));
    await waitFor(() => expect(server.writes()).toEqual([["release", "1", "L1"]]));
    expect(await screen.findByText(/Your lock has ended/)).toBeTruthy();
  });

  test("asks before a close cuts off an upload", async () => {
    const { user, upload, onClose } = await open(new FakeServer(file("1", "a.txt", mine())));
    upload.mockImplementationOnce(async () => new Promise(() => undefined));
    await user.click(button("Upload a new version of a.txt"));
    await user.upload(document.querySelector<HTMLInputElement>("input[type=file]") ?? document.createElement("input"), new File(["new"], "a.txt"));
    expect(await screen.findByText(/Sending a.txt to Confluence/)).toBeTruthy();
    await user.click(button("Close"));
    expect(onClose).not.toHaveBeenCalled();
    await user.click(await screen.findByRole("button", { name: "Close anyway" }));
    expect(onClose).toHaveBeenCalledOnce();
  });

  test("acts on chosen rows, and a refused one says why", async () => {
    const server = new FakeServer(file("1", "a.txt"), file("2", "b.txt"), file("3", "c.txt"));
    server.refused = { "3": { id: "3", outcome: "refused", status: 409, body: { error: "already_locked", message: "", lock: others() } } };
    const { user } = await open(server);
    await user.click(screen.getByLabelText("Select a.txt"));
    await user.keyboard("{Shift>}");
    await user.click(screen.getByLabelText("Select c.txt"));
    await user.keyboard("{/Shift}");
    expect(screen.getByText("3 selected")).toBeTruthy();
    await user.click(button("Lock 3"));
    expect(await screen.findByText("2 files are locked for you. 1 file was refused; the reason stands in its row.")).toBeTruthy();
    expect(screen.getByRole("alert").textContent).toContain("Bob Brown locked c.txt first");
  });

  test("a menu is used by keyboard: arrows, first letters, Escape", async () => {
    const { user, onClose } = await open(new FakeServer(file("1", "a.txt", manageable({ can: { ...manageable().can, request: true } }))));
    button("More for a.txt").focus();
    await user.keyboard("{ArrowDown}");
    const active = () => document.activeElement?.textContent;
    expect(active()).toBe("Ask for the file…");
    await user.keyboard("{ArrowUp}");
    expect(active()).toBe("Take over…");
    await user.keyboard("e");
    expect(active()).toBe("End lock…");
    await user.keyboard("{Home}{ArrowDown}");
    expect(active()).toBe("End lock…");
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("menu")).toBeNull();
    expect(document.activeElement).toBe(button("More for a.txt"));
    expect(onClose).not.toHaveBeenCalled();
  });

  test("a long note is folded", async () => {
    const { user } = await open(new FakeServer(file("1", "a.txt", others({ note: "word ".repeat(60) }))));
    expect(screen.getByText(/^word word/).textContent).toMatch(/…/);
    await user.click(button("Show all"));
    expect(screen.queryByText(/…/)).toBeNull();
  });
});
