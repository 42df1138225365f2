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
  expect(screen.getByRole("status").textContent).toBe("Reading the log …");
  expect(screen.queryAllByRole("button")).toEqual([]);
  refuse();
  expect(await screen.findByText("Only admins of this space see its log")).toBeTruthy();
  expect(screen.queryAllByRole("button")).toEqual([]);
});

test("filters and download come with the rows", async () => {
  open(() => Promise.resolve(Response.json({ items: [], nextCursor: null })));
  expect(await screen.findByRole("button", { name: "Download as CSV" })).toBeTruthy();
});
