import { cleanup, render, screen, within } from "@testing-library/preact";
import { afterEach, expect, test, vi } from "vitest";
import { clientOf, type ListedState } from "../../src/api";
import type { Host } from "../../src/host";
import { LockList } from "../../src/lists/LockList";
import { BOB, context, others, silentHost, voice } from "../cast";
import { listed, part } from "./shelf";

afterEach(cleanup);

async function open(filter: ListedState | null) {
  vi.stubGlobal("IntersectionObserver", class { observe = vi.fn(); disconnect = vi.fn(); });
  const answer = vi.fn<Host["fetch"]>(async () => Promise.resolve(Response.json(part([{ ...listed("1", others()), title: "budget.xlsx" }]))));
  const host = silentHost(answer);
  render(<LockList place={{ client: clientOf(host), host, context: context(), voice, filter }} scope="site" empty={{ title: "None", hint: "" }} />);
  const row = (await screen.findByText("budget.xlsx")).closest("tr");
  if (row === null) throw new Error("No row.");
  return { row, asked: new URL(answer.mock.calls[0]?.[0] ?? "", "https://app.example") };
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
