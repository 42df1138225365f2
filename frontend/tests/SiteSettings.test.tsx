import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/preact";
import { afterEach, describe, expect, test } from "vitest";
import { createClient, type SiteSettings as Settings } from "../src/api";
import { SiteSettings } from "../src/site/SiteSettings";
import { context, silentHost, voice } from "./cast";

const SETTINGS: Settings = {
  revision: 3, kept: [], restoreSelfTest: { result: "refused", at: "2026-11-21T08:00:00Z" },
  active: true, warnAfterHours: 24, unlockAfterHours: 48, strict: false, undoTrash: true, undoRename: true,
  longestDays: 30, endless: false, adminsMayOverwrite: false, allowedApps: [], restores: 3, copyMode: false, comments: false, usageCounts: true,
};

/** A server with the settings of one site; returns what was sent to it. */
async function open(change: Partial<Settings> = {}) {
  let now: Settings = { ...SETTINGS, ...change };
  const puts: Record<string, unknown>[] = [];
  const host = silentHost((_, { method, body }) => {
    if (method === "PUT" && typeof body === "string") {
      const { requestId: _id, ...sent } = JSON.parse(body) as Record<string, unknown>;
      puts.push(sent);
      now = { ...now, ...sent, revision: now.revision + 1 };
    }
    return Promise.resolve(Response.json(now));
  });
  const client = createClient({ fetch: (path, init) => host.fetch(path, init), newId: () => "id" });
  render(<SiteSettings client={client} host={host} context={context({ screen: "admin" })} voice={voice} />);
  await waitFor(() => expect(screen.queryByText(/^Reading/)).toBeNull());
  return puts;
}

const type = (label: string, value: string) => act(() => {
  fireEvent.input(screen.getByLabelText(label), { target: { value } });
});

const press = (name: string) => act(() => {
  fireEvent.click(screen.getByRole("button", { name }));
});

afterEach(cleanup);

describe("settings of the site", () => {
  test("copy mode is switched on with one click; what is not saved stays so", async () => {
    const puts = await open();
    await type("Longest life of a lock", "20");
    await press("Switch on copy mode now");
    await screen.findByText(/Copy mode does it instead/);
    expect(puts).toEqual([{ revision: 3, copyMode: true }]);
    expect(screen.getByText("1 change is not saved.")).toBeTruthy();
    await press("Save");
    await waitFor(() => expect(puts.at(-1)).toEqual({ revision: 4, longestDays: 20 }));
  });

  test.each([["works", /Copy mode is not needed/], ["unknown", /has not run yet/]] as const)("a self-test that says %s", async (result, words) => {
    await open({ restoreSelfTest: { result, at: null } });
    expect(screen.getByText(words)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Switch on copy mode now" })).toBeNull();
  });

  test("every number that is kept is shown, and that it will be erased", async () => {
    await open({ kept: [{ day: "2026-11-20", event: "taken_over", locale: "de", zone: "Europe/Berlin", count: 1_200 }] });
    expect(screen.getByText("Taken over").closest("tr")?.textContent).toBe("2026-11-20Taken overdeEurope/Berlin1,200");
    await act(() => {
      fireEvent.click(screen.getByRole("switch", { name: "Count what is used" }));
    });
    expect(screen.getByText("When you save, the numbers kept so far are erased.")).toBeTruthy();
  });

  test("a wrong number is told at its field and gets the focus instead of being sent", async () => {
    const puts = await open();
    await type("Longest life of a lock", "1");
    expect(screen.getByText("The automatic unlock must not come after the longest life of a lock: 1 day.")).toBeTruthy();
    await type("Undone uploads before a pause", "many");
    await press("Save");
    expect(puts).toEqual([]);
    expect(document.activeElement?.getAttribute("aria-invalid")).toBe("true");
    await press("Discard");
    expect(screen.getByLabelText<HTMLInputElement>("Undone uploads before a pause").value).toBe("3");
    expect(screen.queryByRole("button", { name: "Save" })).toBeNull();
  });

  test("hours are switched off, and on again as they were", async () => {
    const puts = await open({ unlockAfterHours: 72 });
    const unlock = screen.getByRole("switch", { name: "Unlock by itself" });
    await act(() => {
      fireEvent.click(unlock);
    });
    await press("Save");
    await waitFor(() => expect(puts).toEqual([{ revision: 3, unlockAfterHours: null }]));
    await act(() => {
      fireEvent.click(unlock);
    });
    expect(screen.getByLabelText<HTMLInputElement>("Unlock by itself: hours").value).toBe("72");
  });
});
