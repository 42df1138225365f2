import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import { afterEach, describe, expect, test } from "vitest";
import { createClient, type SpaceSettings } from "../src/api";
import { Permissions } from "../src/space/Permissions";
import { Protection } from "../src/space/Protection";
import type { Panel } from "../src/ui/panel";
import { context, silentHost, voice } from "./cast";

const inherited = (value: boolean | number | null) => ({ value, source: "default" as const, inherited: value });

const SETTINGS: SpaceSettings = {
  spaceId: "100",
  version: 4,
  altered: false,
  rules: {
    active: inherited(true), warnAfterHours: inherited(24), strict: inherited(false), undoTrash: inherited(true), undoRename: inherited(true),
    unlockAfterHours: { value: null, source: "space", inherited: 48 },
  },
  managers: { people: [], groups: ["g"] },
};

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** A server that answers settings with `now`, or with what `next` says, once. */
async function open(Content: Panel["Content"], now: SpaceSettings = SETTINGS) {
  const server = { sent: [] as Sent[], next: null as (() => Promise<Response>) | null };
  const host = silentHost((path, { method = "GET", body }) => {
    server.sent.push({ method, path, body: typeof body === "string" ? JSON.parse(body) as unknown : null });
    const { next } = server;
    server.next = null;
    if (next !== null) return next();
    return Promise.resolve(Response.json(path.includes("/settings") ? now : { groups: [{ id: "g", name: "editors" }], people: [] }));
  });
  const client = createClient({ fetch: (path, init) => host.fetch(path, init), newId: () => "id" });
  render(<Content client={client} host={host} context={context({ screen: "space" })} voice={voice} />);
  await waitFor(() => expect(screen.queryByText(/^Reading/)).toBeNull());
  return server;
}

function setting(name: string) {
  const row = document.querySelector<HTMLElement>(`[data-setting="${name}"]`);
  if (row === null) throw new Error(name);
  return within(row);
}

const press = (name: string) => act(() => {
  fireEvent.click(screen.getByRole("button", { name }));
});

afterEach(cleanup);

describe("settings of a space", () => {
  test("each says where its value comes from; what is inherited cannot be typed over", async () => {
    await open(Protection);
    expect(setting("warnAfterHours").getByText("From the site: 24 hours")).toBeTruthy();
    expect(setting("warnAfterHours").getByRole<HTMLInputElement>("textbox").disabled).toBe(true);
    expect(setting("unlockAfterHours").getByText("Set for this space. The site has: 48 hours")).toBeTruthy();
    expect(setting("unlockAfterHours").getByText("Never")).toBeTruthy();
  });

  test("what is set here and what goes back to the site is sent together, managers included", async () => {
    const server = await open(Protection);
    await press("Set for this space: Strict: lock before you change");
    await press("Use the site's setting: Unlock by itself");
    await press("Save");
    await screen.findByText(/^Saved/);
    const [put] = server.sent.filter(({ method }) => method === "PUT");
    expect(put).toEqual({
      method: "PUT",
      path: "/api/v1/spaces/DS/settings",
      body: { requestId: "id", version: 4, rules: { strict: false }, managers: { people: [], groups: ["g"] } },
    });
  });

  test("a changed mind needs no save", async () => {
    await open(Protection);
    await press("Set for this space: Strict: lock before you change");
    expect(screen.getByText("1 change is not saved.")).toBeTruthy();
    await press("Use the site's setting: Strict: lock before you change");
    expect(screen.queryByRole("button", { name: "Save" })).toBeNull();
  });

  test("settings that somebody altered are told, and can be saved again as they are", async () => {
    const server = await open(Permissions, { ...SETTINGS, altered: true, managers: { people: [], groups: [] } });
    expect(screen.getByText(/without Lockpoint.*nobody is a lock manager/)).toBeTruthy();
    await press("Save");
    expect(server.sent.filter(({ method }) => method === "PUT")).toHaveLength(1);
  });

  test("switching off says what happens to locks", async () => {
    await open(Permissions);
    await press("Set for this space: Lockpoint is on");
    await act(() => {
      fireEvent.click(screen.getByRole("switch", { name: "Lockpoint is on" }));
    });
    expect(screen.getByText(/Locks stay recorded/)).toBeTruthy();
  });

  test("groups have their names", async () => {
    await open(Permissions);
    expect(await screen.findByText("editors")).toBeTruthy();
  });

  test("without the server the changes stay, and saving works later", async () => {
    const server = await open(Protection);
    await press("Set for this space: Strict: lock before you change");
    const offline = (): Promise<Response> => Promise.reject(new TypeError("no answer"));
    server.next = () => {
      server.next = offline; // the client asks twice
      return offline();
    };
    await press("Save");
    expect((await screen.findByRole("alert")).textContent).toContain("can't be reached");
    await press("Save");
    expect(await screen.findByText(/^Saved/)).toBeTruthy();
  });
});

describe("settings that are not shown", () => {
  test.each([
    [403, "forbidden", "Only admins of this space see these settings"],
    [404, "not_found", "This space can't be found"],
    [503, "busy", "The settings can't be shown"],
  ])("%d: %s", async (status, error, title) => {
    const host = silentHost(() => Promise.resolve(Response.json({ error, message: "" }, { status })));
    const client = createClient({ fetch: (path, init) => host.fetch(path, init), newId: () => "id" });
    render(<Permissions client={client} host={host} context={context()} voice={voice} />);
    expect(await screen.findByRole("heading", { name: title })).toBeTruthy();
    expect(screen.queryByRole("switch")).toBeNull();
  });
});
