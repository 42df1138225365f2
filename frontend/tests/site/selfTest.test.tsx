import { cleanup, render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test } from "vitest";
import "../../src/messages/parts/health";
import { createClient, type SelfTest } from "../../src/api";
import { UndoingHere } from "../../src/health/parts";
import { useAct } from "../../src/health/useAct";
import { useSelfTest } from "../../src/health/useSelfTest";
import { voice } from "../cast";

afterEach(cleanup);

const BEFORE: SelfTest = { result: "works", at: "2026-11-21T10:00:00Z" };

function Shown({ answer }: { readonly answer: object }) {
  const client = createClient({ fetch: async () => Promise.resolve(Response.json(answer)), newId: () => "r" });
  const run = useSelfTest(client, BEFORE, () => undefined);
  const copy = useAct(async () => Promise.resolve(), () => undefined);
  return <UndoingHere test={BEFORE} copyMode={false} {...{ run, copy, voice }} />;
}

test.each([
  ["a new result", { result: "works", at: "2026-11-21T10:05:00Z", secondsUntilNext: 60 }, "The self-test has run."],
  ["the last one again", { ...BEFORE, secondsUntilNext: 42 }, "This is still the last result. The self-test can run again in 42 seconds."],
  ["no place to try", { ...BEFORE, secondsUntilNext: 0 }, "The self-test has run."],
])("a self-test that brings %s says so", async (_, answer, words) => {
  render(<Shown answer={answer} />);
  await userEvent.setup().click(screen.getByRole("button", { name: "Run it again" }));
  expect(await screen.findByText(words)).toBeTruthy();
});

test("a second click, before the screen was read again, does not call the same result a new one", async () => {
  render(<Shown answer={{ result: "works", at: "2026-11-21T10:05:00Z", secondsUntilNext: 58 }} />);
  const button = screen.getByRole("button", { name: "Run it again" });
  await userEvent.setup().click(button);
  await screen.findByText("The self-test has run.");
  await userEvent.setup().click(button);
  expect(await screen.findByText("This is still the last result. The self-test can run again in 58 seconds.")).toBeTruthy();
});
