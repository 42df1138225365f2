import { act, cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, describe, expect, test, vi } from "vitest";
import { MacroSettings } from "../../src/macro/settings";
import { choiceOf } from "../../src/macro/parameters";
import { voice } from "../cast";

function open(parameters: Readonly<Record<string, string>>, store: (kept: object) => Promise<void> = () => Promise.resolve()) {
  const host = { keepParameters: vi.fn(store), close: vi.fn() };
  render(<MacroSettings host={host} parameters={parameters} voice={voice} />);
  return host;
}

const press = (name: string) => act(() => {
  fireEvent.click(screen.getByRole("button", { name }));
});
const choose = (label: string) => act(() => {
  fireEvent.click(screen.getByLabelText(label));
});
const type = (label: string, value: string) => act(() => {
  fireEvent.input(screen.getByLabelText(label), { target: { value } });
});
const chosen = (label: string) => (screen.getByLabelText(label) as HTMLInputElement).checked;

afterEach(cleanup);

describe("settings of the macro", () => {
  test("they open with what was chosen, and what is saved is that with the changes", async () => {
    const host = open({ scope: "space", columns: "note,owner", sort: "-since", rows: "25" });
    expect(["Locked attachments of this space", "Locked by", "Note", "Page"].map(chosen)).toEqual([true, true, true, false]);
    await choose("Page");
    await choose("Note");
    await type("Rows at most", "3");
    await press("Save");
    expect(host.keepParameters.mock.calls).toEqual([[{ scope: "space", columns: "file,page,owner", sort: "-since", rows: "3" }]]);
    expect(host.close).not.toHaveBeenCalled();
  });

  test("usual columns follow the scope, and chosen ones do not", async () => {
    const host = open({});
    await choose("Locked attachments of this space");
    expect(chosen("Page")).toBe(true);
    await choose("Since");
    await choose("Attachments that you have locked");
    expect(chosen("Locked by")).toBe(true);
    await press("Save");
    expect(host.keepParameters.mock.calls).toEqual([[{ scope: "mine", columns: "file,page,owner,ends", sort: "expires", rows: "10" }]]);
  });

  test("what is stored means what was seen, also with no column but the file", async () => {
    const host = open({});
    for (const label of ["Locked by", "Since", "Ends in"]) await choose(label);
    await act(() => {
      fireEvent.change(screen.getByLabelText("Sort by"), { target: { selectedIndex: 3 } });
    });
    await press("Save");
    const [kept] = host.keepParameters.mock.calls[0] as [Record<string, string>];
    expect(choiceOf(kept)).toEqual({ scope: "page", columns: ["file"], sort: "-since", rows: 10 });
  });

  test("a refusal is told, and the choice can be saved again", async () => {
    const host = open({}, vi.fn().mockRejectedValueOnce(new Error("MACRO_NOT_FOUND")).mockResolvedValue(undefined));
    await press("Save");
    await screen.findByText("Confluence did not store the settings. Try again.");
    await press("Save");
    expect(host.keepParameters).toHaveBeenCalledTimes(2);
  });

  test("cancelling stores nothing", async () => {
    const host = open({ scope: "mine" });
    await choose("Locked attachments of this page");
    await press("Cancel");
    expect([host.keepParameters.mock.calls.length, host.close.mock.calls.length]).toEqual([0, 1]);
  });
});
