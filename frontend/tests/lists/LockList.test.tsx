import { cleanup, render, screen, within } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { clientOf, type ListedState, type LockView } from "../../src/api";
import type { Host } from "../../src/host";
import { LockList } from "../../src/lists/LockList";
import { ALICE, BOB, context, mine, others, silentHost, voice } from "../cast";
import { listed, part } from "./shelf";

afterEach(cleanup);

async function open(filter: ListedState | null, lock: LockView = others()) {
  vi.stubGlobal("IntersectionObserver", class { observe = vi.fn(); unobserve = vi.fn(); disconnect = vi.fn(); });
  const answered = { id: "1", lock, warning: null, serverTime: "2026-11-21T12:00:00Z" };
  const list = part([{ ...listed("1", lock), title: "budget.xlsx" }]);
  const answer = vi.fn<Host["fetch"]>(async (_, init) => Promise.resolve(Response.json(init.method === "POST" ? answered : list)));
  const host = silentHost(answer);
  render(<LockList place={{ client: clientOf(host), host, context: context(), voice, filter }} scope="site" empty={{ title: "None", hint: "" }} />);
  const row = (await screen.findByText("budget.xlsx")).closest("tr");
  if (row === null) throw new Error("No row.");
  const sent = (): readonly (readonly [string, unknown])[] => answer.mock.calls.flatMap(([path, { method, body }]) =>
    (method === "POST" ? [[path, JSON.parse(String(body)) as unknown] as const] : []));
  return { row, sent, asked: new URL(answer.mock.calls[0]?.[0] ?? "", "https://app.example") };
}

test("a list shows who has a file and what kind of file it is, as the page dialog does", async () => {
  const { row, asked } = await open(null);
  expect(within(row).getByText(BOB.displayName ?? "").previousElementSibling?.textContent).toBe("BB");
  expect(row.querySelector(".file-icon.kind-sheet")).not.toBeNull();
  expect(asked.searchParams.has("state")).toBe(false);
});

test("a list opens with the state that led to it, and says so in its filter", async () => {
  const { asked } = await open("unprotected");
  expect(asked.searchParams.get("state")).toBe("unprotected");
  expect(screen.getByLabelText<HTMLSelectElement>("Show").value).toBe("unprotected");
});

const ASKED = { person: BOB, at: "2026-11-21T11:00:00Z", message: "for the fair", declinedAt: null, note: null };

test("the owner hands over to who asks or declines with a note, where the server allows it", async () => {
  const user = userEvent.setup();
  const lock = mine({ requests: [ASKED], can: { ...mine().can, decline: true, handOver: true } });
  const { sent } = await open(null, lock);
  expect(screen.getByText(/Bob Brown asks for this file/).textContent).toContain("for the fair");
  expect(screen.getByRole("button", { name: "Hand over budget.xlsx to Bob Brown" })).toBeTruthy();
  const decline = screen.getByRole("button", { name: "Decline Bob Brown's request for budget.xlsx" });
  await user.click(decline);
  expect(decline.getAttribute("aria-expanded")).toBe("true");
  await user.type(screen.getByLabelText("Note (optional)"), "next week");
  await user.click(within(screen.getByRole("form")).getByRole("button", { name: "Decline" }));
  expect(await screen.findByText("The request for budget.xlsx is declined.")).toBeTruthy();
  expect(sent()).toMatchObject([["/api/v1/attachments/1/lock/decline", { accountId: BOB.accountId, note: "next week" }]]);
  expect(screen.queryByRole("form")).toBeNull();
});

test("who asks sees their own request, what came of it, and withdraws it", async () => {
  const user = userEvent.setup();
  const own = { ...ASKED, person: ALICE, declinedAt: "2026-11-21T11:30:00Z", note: "no" };
  const { sent } = await open(null, others({ requests: [own], can: { ...others().can, cancelRequest: true } }));
  expect(screen.getByText(/You asked Bob Brown for this file/).textContent).toMatch(/Bob Brown declined.*no/);
  expect(screen.queryByRole("button", { name: /Decline|Hand over/ })).toBeNull();
  await user.click(screen.getByRole("button", { name: "Withdraw request for budget.xlsx" }));
  expect(await screen.findByText("Your request for budget.xlsx is withdrawn.")).toBeTruthy();
  expect(sent()).toMatchObject([["/api/v1/attachments/1/lock/cancel-request", { lockId: "L2" }]]);
});

test("nothing is offered that the server does not allow", async () => {
  await open(null, mine({ requests: [ASKED] }));
  expect(screen.getByText(/asks for this file/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Decline|Hand over|Withdraw/ })).toBeNull();
});
