import { cleanup, render, screen } from "@testing-library/preact";
import { afterEach, expect, test } from "vitest";
import { LogPanel } from "../src/audit/LogPanel";
import { createClient } from "../src/api";
import type { Host } from "../src/host";
import { context, silentHost, voice } from "./cast";

function open(answer: Host["fetch"]): void {
  const host = silentHost(answer);
  const client = createClient({ fetch: (path, init) => host.fetch(path, init), newId: () => "1" });
  render(<LogPanel place={{ client, host, context: context({ screen: "space" }), voice }} space="DS" />);
}

afterEach(cleanup);

test("nothing of the log can be filtered or downloaded before the server lets the viewer see it", async () => {
  let refuse = (): void => undefined;
  open(() => new Promise((resolve) => {
    refuse = () => resolve(Response.json({ error: "forbidden", message: "" }, { status: 403 }));
  }));
  expect(screen.getByRole("status").textContent).toBe("Reading the log…");
  expect(screen.queryAllByRole("button")).toEqual([]);
  refuse();
  expect(await screen.findByText("Only admins of this space see its log")).toBeTruthy();
  expect(screen.queryAllByRole("button")).toEqual([]);
});

test("filters and download come with the rows", async () => {
  open(() => Promise.resolve(Response.json({ items: [], nextCursor: null })));
  expect(await screen.findByRole("button", { name: "Download CSV" })).toBeTruthy();
});

const row = (attachmentId: string) => ({
  at: "2026-11-21T10:00:00Z", event: "acquired", person: null, attachmentId, version: null, lockId: null, detail: null, recovered: false,
});

test("files have the names that the viewer sees; what is hidden keeps its number and says so, what could not be asked for is a number alone", async () => {
  const asked: string[] = [];
  open((path) => {
    asked.push(path);
    const files = { files: [{ id: "11", title: "plan.txt", open: null }], unknown: ["33"] };
    return Promise.resolve(Response.json(path.includes("/files?") ? files : { items: ["11", "22", "33", "11"].map(row), nextCursor: null }));
  });
  expect(await screen.findAllByText("plan.txt")).toHaveLength(2);
  expect(screen.getAllByRole("button", { name: "Show only the file plan.txt" })).toHaveLength(2);
  expect(screen.getByRole("button", { name: "Show only the file 22" }).parentElement?.textContent).toBe("22deleted, or not shown to you");
  expect(screen.getByRole("button", { name: "Show only the file 33" }).parentElement?.textContent).toBe("33");
  expect(asked.filter((path) => path.includes("/files?"))).toEqual(["/api/v1/files?ids=11%2C22%2C33"]);
});
