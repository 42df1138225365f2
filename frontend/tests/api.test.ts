import { describe, expect, test } from "vitest";
import { version } from "../package.json";
import { ApiError, createClient, locksApi, NetworkError, type ClientDependencies } from "../src/api";

const createApi = (deps: ClientDependencies) => locksApi(createClient(deps));
import { others, page } from "./cast";

type Answer = Response | Error;

function server(...answers: readonly Answer[]) {
  const requests: { readonly url: string; readonly init: RequestInit; readonly client: string | undefined }[] = [];
  const left = [...answers];
  let ids = 0;
  const api = createApi({
    newId: () => `id${(ids += 1)}`,
    fetch: async (url, init) => {
      const headers = init.headers as Record<string, string>;
      requests.push({ url, init, client: headers["Lockpoint-Client"] });
      const answer = left.shift() ?? new TypeError("no answer prepared");
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });
  const bodies = (): readonly unknown[] => requests.map(({ init }) => JSON.parse(String(init.body)) as unknown);
  return { api, requests, bodies };
}

const ok = (body: unknown, status = 200): Response => Response.json(body, { status });

describe("the client of /api/v1", () => {
  test("lists a page, and says which front end asks", async () => {
    const { api, requests } = server(ok(page([])));
    await api.attachments("98 3", "c/1");
    expect(requests[0]?.url).toBe("/api/v1/pages/98%203/attachments?limit=250&cursor=c%2F1");
    expect(requests[0]?.client).toBe(version);
  });

  test("a whole list is asked for again by its tag, and nothing comes when nothing changed", async () => {
    const first = Response.json(page([]), { headers: { ETag: '"t"' } });
    const { api, requests } = server(first, new Response(null, { status: 304 }), ok(page([])));
    await api.attachments("1", null);
    expect(await api.attachments("1", null)).toBeNull();
    expect(new Headers(requests[1]?.init.headers).get("If-None-Match")).toBe('"t"');
    expect(await api.attachments("1", null)).not.toBeNull();
  });

  test("after the app was given access the list is read anew", async () => {
    const first = Response.json(page([]), { headers: { ETag: '"t"' } });
    const { api, requests } = server(first, ok({ id: "1", files: 0 }), ok(page([])));
    await api.attachments("1", null);
    await api.giveAccess("1");
    await api.attachments("1", null);
    expect(requests[1]?.url).toBe("/api/v1/pages/1/access");
    expect(new Headers(requests[2]?.init.headers).get("If-None-Match")).toBeNull();
  });

  test("a list in several parts is always read as a whole", async () => {
    const part = Response.json(page([], { nextCursor: "1" }), { headers: { ETag: '"t"' } });
    const { api, requests } = server(part, ok(page([])));
    await api.attachments("1", null);
    await api.attachments("1", null);
    expect(new Headers(requests[1]?.init.headers).get("If-None-Match")).toBeNull();
  });

  test("a lost answer of a change is asked for again under the same request id", async () => {
    const { api, bodies } = server(new TypeError("reset"), ok({ id: "1" }, 201));
    await api.acquire("1", { hours: 2, note: "n", unlockOnUpload: true });
    const body = { requestId: "id1", hours: 2, note: "n", unlockOnUpload: true };
    expect(bodies()).toEqual([body, body]);
  });

  test("a refusal is not repeated", async () => {
    const { api, requests } = server(ok({ error: "forbidden" }, 403));
    await expect(api.release("1", "L1")).rejects.toBeInstanceOf(ApiError);
    expect(requests).toHaveLength(1);
  });

  test("a conflict brings the lock that was in the way", async () => {
    const { api } = server(ok({ error: "already_locked", message: "x", lock: others() }, 409));
    await expect(api.acquire("1", {})).rejects.toMatchObject({ code: "already_locked", lock: others() });
  });

  test("an answer that is not ours is still an error with its status", async () => {
    const { api } = server(new Response("<html>", { status: 502, headers: { "Retry-After": "7" } }));
    await expect(api.attachments("1", null)).rejects.toMatchObject({ status: 502, code: "unexpected", retryAfter: 7 });
  });

  test("an extension sends what was said alone", async () => {
    const { api, bodies } = server(ok({}), ok({}));
    await api.extend("7", "L");
    await api.extend("7", "L", { hours: 4, note: "" });
    expect(bodies()).toEqual([{ requestId: "id1", lockId: "L" }, { requestId: "id2", lockId: "L", hours: 4, note: "" }]);
  });

  test("no answer at all is a network error", async () => {
    const { api } = server(new TypeError("down"));
    await expect(api.attachments("1", null)).rejects.toBeInstanceOf(NetworkError);
  });

  test("a failure before the request was sent is not repeated", async () => {
    const { api, requests } = server(new Error("no token"), ok({}));
    await expect(api.release("1", "L1")).rejects.toThrow("no token");
    expect(requests).toHaveLength(1);
  });

  test.each([
    ["release", "POST", "/lock/release", { lockId: "L" }],
    ["request", "POST", "/lock/request", { lockId: "L", message: "r" }],
    ["cancelRequest", "POST", "/lock/cancel-request", { lockId: "L" }],
    ["break", "POST", "/lock/break", { lockId: "L", reason: "r" }],
    ["takeOver", "POST", "/lock/take-over", { lockId: "L", reason: "r" }],
    ["askNotice", "PUT", "/notify-me", {}],
    ["cancelNotice", "DELETE", "/notify-me", {}],
  ] as const)("%s goes to its own address", async (name, method, path, body) => {
    const { api, requests, bodies } = server(ok({}));
    await api[name]("7", "L", "r");
    expect(requests[0]?.client).toBe(version);
    expect([requests[0]?.init.method, requests[0]?.url]).toEqual([method, `/api/v1/attachments/7${path}`]);
    expect(bodies()).toEqual([{ requestId: "id1", ...body }]);
  });

  test("a table in parts becomes one file with one head", async () => {
    const asked: string[] = [];
    const csv = { "Content-Type": "text/csv; charset=utf-8" };
    const parts = [
      new Response("file,page\r\na,b\r\n", { headers: { ...csv, Link: '<?scope=mine&cursor=x>; rel="next"' } }),
      new Response("file,page\r\nc,d\r\n", { headers: csv }),
    ];
    const client = createClient({ newId: () => "id", fetch: async (path) => { asked.push(path); return parts[asked.length - 1] ?? new Response(""); } });
    const file = await client.csv("/locks?scope=mine");
    expect(asked).toEqual(["/api/v1/locks?scope=mine", "/api/v1/locks?scope=mine&cursor=x"]);
    expect(new TextDecoder().decode(await file.arrayBuffer())).toBe("file,page\r\na,b\r\nc,d\r\n");
    expect([...new Uint8Array(await file.arrayBuffer()).slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  });
});
