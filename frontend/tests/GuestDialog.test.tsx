import { cleanup, render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { GuestDialog } from "../src/page/GuestDialog";
import { voice } from "./cast";

afterEach(cleanup);

test("a guest reads what can and cannot be done here, and may close the dialog", async () => {
  const onClose = vi.fn();
  render(<GuestDialog t={voice.t} onClose={onClose} />);
  for (const words of [/open and download this page's files/, /shown only to people with an account/, /Log in to Confluence/]) {
    expect(screen.getByText(words)).toBeTruthy();
  }
  expect(screen.queryByText(/session/)).toBeNull();
  await userEvent.setup().click(screen.getByRole("button", { name: "Close" }));
  expect(onClose).toHaveBeenCalledOnce();
});
