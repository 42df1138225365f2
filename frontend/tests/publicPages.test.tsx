import { cleanup, render, screen } from "@testing-library/preact";
import { afterEach, expect, test } from "vitest";
import { clientOf } from "../src/api";
import { GetStarted } from "../src/getStarted/GetStarted";
import type { Host } from "../src/host";
import { MyDataPanel } from "../src/myLocks/MyDataPanel";
import type { PanelProps } from "../src/ui/panel";
import { context, silentHost, voice } from "./cast";

afterEach(cleanup);

const HEALTH = {
  locks: { live: 0, licensed: true, unprotected: [] }, restoreSelfTest: null, mails: null, points: null, parkedJobs: null, serverTime: "2026-11-21T12:00:00Z",
};

function place(change: Partial<Host>): PanelProps {
  const answers = (path: string): object => (path.includes("/health") ? HEALTH : path.includes("/audit") ? { items: [], nextCursor: null } : { active: true, revision: 1, templates: [] });
  const host = { ...silentHost(async (path) => Promise.resolve(Response.json(answers(path)))), ...change };
  return { client: clientOf(host), host, context: context(), voice };
}

const known = { publicPage: (path: string) => `https://lockpoint.example${path}` };
const addresses = (): readonly (string | null)[] => screen.queryAllByRole("link").map((link) => link.getAttribute("href"));

test("my data leads to what we promise about data, where the frame knows our server", () => {
  render(<MyDataPanel {...place(known)} />);
  expect(addresses()).toEqual(["https://lockpoint.example/privacy"]);
  cleanup();
  render(<MyDataPanel {...place({})} />);
  expect(addresses()).toEqual([]);
});

test("get started leads to the guides, where the frame knows our server", async () => {
  render(<GetStarted {...place(known)} />);
  await screen.findByRole("heading", { name: "What comes next" });
  expect(addresses()).toEqual(["https://lockpoint.example/guide/admin", "https://lockpoint.example/guide/user"]);
  cleanup();
  render(<GetStarted {...place({})} />);
  await screen.findByRole("heading", { name: "What comes next" });
  expect(addresses()).toEqual([]);
});
