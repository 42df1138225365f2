import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, describe, expect, test } from "vitest";
import { createClient } from "../src/api";
import { Tabs } from "../src/ui/Tabs";
import { useContext } from "preact/hooks";
import { OpenTab } from "../src/ui/openTab";
import { useUnsaved } from "../src/ui/unsaved";
import type { Panel, PanelProps } from "../src/ui/panel";
import { context, silentHost, voice } from "./cast";

function Dirty() {
  useUnsaved(true);
  return <p>with changes</p>;
}

function Leading() {
  const openTab = useContext(OpenTab);
  const lead = (key: string) => () => openTab?.(key, "unprotected");
  return <p>the audit<button type="button" onClick={lead("locks")}>to the locks</button><button type="button" onClick={lead("nowhere")}>astray</button></p>;
}

const PANELS: readonly Panel[] = [
  { key: "locks", title: "space.locks.title", Content: ({ filter }) => <p>the locks{filter != null && `, ${filter}`}</p> },
  { key: "permissions", title: "space.permissions.title", Content: Dirty },
  { key: "audit", title: "space.audit.title", Content: Leading },
];

function open(tab: string | null = null): void {
  const host = silentHost();
  const client = createClient({ fetch: (path, init) => host.fetch(path, init), newId: () => "1" });
  const place: PanelProps = { client, host, context: context({ screen: "space", tab }), voice };
  render(<Tabs panels={PANELS} label="Parts" place={place} />);
}

const tab = (name: string) => screen.getByRole("tab", { name });
const panel = () => screen.getByRole("tabpanel").textContent;

afterEach(cleanup);

describe("tabs", () => {
  test("the first is open, or the one that the product asks for; others are not mounted", () => {
    open();
    expect(panel()).toBe("the locks");
    expect(screen.queryByText("the audit")).toBeNull();
    cleanup();
    open("audit");
    expect(panel()).toContain("the audit");
    cleanup();
    open("nonsense");
    expect(panel()).toBe("the locks");
  });

  test("a part opens another with what to show there; without it a tab shows everything", () => {
    open("audit");
    fireEvent.click(screen.getByRole("button", { name: "astray" }));
    expect(panel()).toContain("the audit");
    fireEvent.click(screen.getByRole("button", { name: "to the locks" }));
    expect(panel()).toBe("the locks, unprotected");
    fireEvent.click(tab("Audit"));
    fireEvent.click(tab("Locked attachments"));
    expect(panel()).toBe("the locks");
  });

  test("arrow keys move along and round, Home and End to the ends; nothing opens by that", () => {
    open();
    tab("Locked attachments").focus();
    const press = (key: string) => fireEvent.keyDown(document.activeElement ?? document.body, { key });
    const focused: (string | null | undefined)[] = [];
    for (const key of ["ArrowRight", "End", "ArrowRight", "ArrowLeft", "Home"]) {
      press(key);
      focused.push(document.activeElement?.textContent);
    }
    expect(focused).toEqual(["Permissions", "Audit", "Locked attachments", "Audit", "Locked attachments"]);
    expect(panel()).toBe("the locks");
  });

  test("tab and panel name each other, and one tab is in the order of the keyboard", () => {
    open();
    fireEvent.click(tab("Audit"));
    expect(screen.getByRole("tabpanel", { name: "Audit" }).id).toBe(tab("Audit").getAttribute("aria-controls"));
    expect(screen.getAllByRole("tab").map((one) => one.tabIndex)).toEqual([-1, -1, 0]);
  });

  test("who leaves unsaved changes is asked, and may stay", () => {
    open("permissions");
    fireEvent.click(tab("Audit"));
    expect(screen.getByRole("dialog", { name: "Leave without saving?" })).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Keep editing" }));
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(panel()).toBe("with changes");
    fireEvent.click(tab("Audit"));
    fireEvent.click(screen.getByRole("button", { name: "Leave without saving" }));
    expect(panel()).toContain("the audit");
    fireEvent.click(tab("Locked attachments"));
    expect(panel()).toBe("the locks");
  });

  test("leaving the page with changes is asked about, too", () => {
    open("permissions");
    const leaving = (): boolean => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
    expect(leaving()).toBe(true);
    cleanup();
    expect(leaving()).toBe(false);
  });
});
