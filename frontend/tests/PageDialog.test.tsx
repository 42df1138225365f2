import { cleanup, render, screen, waitFor, within } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Attachment } from "../src/api";
import { PageDialog } from "../src/page/PageDialog";
import { PageStore } from "../src/page/store";
import { blocked, DANA, FakeServer, file, free, MADE, manageable, mine, others, refusal, unreadable, voice } from "./cast";

afterEach(cleanup);

async function open(server: FakeServer) {
  const store = new PageStore(server, "98311", () => 0);
  const onClose = vi.fn();
  const download = vi.fn<(row: Attachment) => void>();
  render(<PageDialog store={store} voice={voice} now={() => 0} onClose={onClose} download={download} />);
  await store.refresh();
  await waitFor(() => expect(screen.queryByText(/^Loading/)).toBeNull());
  return { store, onClose, download, user: userEvent.setup() };
}

function rowOf(title: string): HTMLElement {
  return screen.getByRole("row", { name: new RegExp(title.replace(".", "\\.")) });
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
      expect(budget.getByText(words, { exact: false })).toBeTruthy();
    }
    expect(budget.getByRole("cell", { name: "XLSX" })).toBeTruthy();
    expect(within(rowOf("logo.png")).getByText("Free")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Download logo.png" }).getAttribute("href")).toBe("https://acme.example/download/2");
    expect(screen.getByText(/own list of attachments can't show locks/)).toBeTruthy();
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
    expect(screen.getByText("Being undone")).toBeTruthy();
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
    await user.click(button("Lock a.txt with options"));
    await user.type(screen.getByLabelText("Unlock after (hours)"), "6");
    await user.type(screen.getByLabelText("Note for others"), " new figures ");
    await user.click(screen.getByLabelText("Unlock after my next upload"));
    await user.click(button("Lock and download"));
    await waitFor(() => expect(download).toHaveBeenCalledOnce());
    expect(server.writes()).toEqual([
      ["acquire", "1", { seenVersion: 3, seenVersionCreated: MADE, hours: 6, note: "new figures", unlockOnUpload: true }],
    ]);
    expect(screen.queryByLabelText("Note for others")).toBeNull();
  });

  test.each(["0", "1.5", "-3", "soon"])("does not send %s as a number of hours", async (hours) => {
    const server = new FakeServer(file("1", "a.txt"));
    const { user } = await open(server);
    await user.click(button("Lock a.txt with options"));
    await user.type(screen.getByLabelText("Unlock after (hours)"), hours);
    await user.click(within(screen.getByRole("form")).getByRole("button", { name: "Lock" }));
    expect(screen.getByText("Enter whole hours, 1 or more.")).toBeTruthy();
    expect(server.writes()).toEqual([]);
  });

  test("an open form keeps its words and its focus over a refresh", async () => {
    const server = new FakeServer(file("1", "a.txt"), file("2", "b.txt"));
    const { user, store } = await open(server);
    await user.click(button("Lock b.txt with options"));
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
    await user.click(button("Lock a.txt with options"));
    await user.keyboard("{Escape}");
    document.removeEventListener("keydown", outside);
    expect(screen.queryByRole("form")).toBeNull();
    await waitFor(() => expect(document.activeElement).toBe(button("Lock a.txt with options")));
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
    ["End lock on a.txt", "End lock", "break"],
    ["Take over a.txt", "Take over", "takeOver"],
  ])("%s needs a reason", async (opener, submit, call) => {
    const server = new FakeServer(file("1", "a.txt", manageable()));
    const { user } = await open(server);
    await user.click(button(opener));
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
    await user.click(button("Notify me when a.txt is free"));
    await user.click(await screen.findByRole("button", { name: "Cancel notice for a.txt" }));
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
    expect(screen.getByText("This page has no attachments")).toBeTruthy();
  });

  test("a viewer learns why there is nothing to lock", async () => {
    const server = new FakeServer(file("1", "a.txt", others()));
    server.viewer = { ...server.viewer, mayEdit: false };
    await open(server);
    expect(screen.getByText(/but not edit it/)).toBeTruthy();
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
});
