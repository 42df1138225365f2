/**
 * What this front end asks of the API, written down for its version. On Forge, screens may be older than the server, so
 * the server's tests repeat these requests for as long as a version may be in use.
 */
import { expect, test } from "vitest";
import { version } from "../package.json";
import { createClient, locksApi, type ClientDependencies, type LocksApi } from "../src/api";

const createApi = (deps: ClientDependencies) => locksApi(createClient(deps));
import { mine, page } from "./cast";

const SEEN = { seenVersion: 1, seenVersionCreated: "CREATED" };

/** Who does what, in an order in which everything works. The ids in capitals are filled in when the requests are repeated. */
const STEPS: readonly (readonly [string, string, (api: LocksApi) => Promise<unknown>])[] = [
  ["alice", "list", (api) => api.attachments("PAGE", null)],
  ["alice", "list again", (api) => api.attachments("PAGE", null)],
  ["alice", "acquire", (api) => api.acquire("FILE", SEEN)],
  ["alice", "extend", (api) => api.extend("FILE", "LOCK")],
  ["bob", "acquire in vain", (api) => api.acquire("FILE", {})],
  ["bob", "ask for notice", (api) => api.askNotice("FILE")],
  ["bob", "cancel the notice", (api) => api.cancelNotice("FILE")],
  ["bob", "request", (api) => api.request("FILE", "LOCK", "message")],
  ["bob", "withdraw the request", (api) => api.cancelRequest("FILE", "LOCK")],
  ["bob", "request again", (api) => api.request("FILE", "LOCK", null)],
  ["alice", "state", (api) => api.state("FILE")],
  ["alice", "decline", (api) => api.decline("FILE", "LOCK", "ASKER", "note")],
  ["dana", "request", (api) => api.request("FILE", "LOCK", null)],
  ["alice", "state with a request", (api) => api.state("FILE")],
  ["alice", "hand over", (api) => api.handOver("FILE", "LOCK", "ASKER", null)],
  ["dana", "extend with options", (api) => api.extend("FILE", "LOCK", { hours: 2, note: "", unlockOnUpload: true })],
  ["alice", "bulk notice", (api) => api.bulk({ action: "notify-me", items: [{ id: "FILE" }] }, "REQUEST")],
  ["dana", "bulk unlock", (api) => api.bulk({ action: "unlock", items: [{ id: "FILE", lockId: "LOCK" }] }, "REQUEST")],
  ["alice", "bulk lock", (api) => api.bulk({ action: "lock", items: [{ id: "FILE", ...SEEN }] }, "REQUEST")],
  ["dana", "take over", (api) => api.takeOver("FILE", "LOCK", "reason")],
  ["dana", "release", (api) => api.release("FILE", "LOCK")],
  ["alice", "acquire with options", (api) => api.acquire("FILE", { hours: 2, note: "note", unlockOnUpload: true })],
  ["dana", "break", (api) => api.break("FILE", "LOCK", "reason")],
  ["dana", "give access", (api) => api.giveAccess("PAGE")],
  ["alice", "list after access", (api) => api.attachments("PAGE", null)],
];

async function recorded(): Promise<string> {
  const requests: object[] = [];
  let by = "";
  let step = "";
  const api = createApi({
    newId: () => "REQUEST",
    fetch: async (path, { method = "GET", headers, body }) => {
      requests.push({ step, by, method, path, headers, body: typeof body === "string" ? (JSON.parse(body) as unknown) : null });
      const list = path.includes("/attachments?");
      const answer = list ? page([]) : { id: "FILE", lock: mine(), notifyMe: mine().notifyMe };
      return Promise.resolve(Response.json(answer, { headers: list ? { ETag: "TAG" } : {} }));
    },
  });
  for (const [who, name, act] of STEPS) {
    by = who;
    step = name;
    await act(api);
  }
  return `${JSON.stringify(requests, null, 2)}\n`;
}

test("the requests of this version are the recorded ones", async () => {
  await expect(await recorded()).toMatchFileSnapshot(`../recordings/${version}.requests.json`);
});
