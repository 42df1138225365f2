import { cleanup, render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { lazy } from "../src/ui/lazy";
import type { PanelProps } from "../src/ui/panel";
import { voice } from "./cast";

afterEach(cleanup);

const place = { voice } as PanelProps;

test("a part is loaded when it is first shown, and once", async () => {
  const load = vi.fn(async () => Promise.resolve(() => <p>Here</p>));
  const Part = lazy(load);
  expect(load).not.toHaveBeenCalled();
  const { unmount } = render(<Part {...place} />);
  expect(screen.getByRole("status").textContent).toContain("Loading…");
  await screen.findByText("Here");
  unmount();
  render(<Part {...place} />);
  expect(screen.getByText("Here")).toBeTruthy();
  expect(load).toHaveBeenCalledOnce();
});

test("a part that did not come can be asked for again", async () => {
  const load = vi.fn(async () => Promise.resolve(() => <p>Here</p>));
  load.mockRejectedValueOnce(new TypeError("no network"));
  const Part = lazy(load);
  render(<Part {...place} />);
  await screen.findByRole("heading", { name: "This part could not be loaded" });
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  await screen.findByText("Here");
});
