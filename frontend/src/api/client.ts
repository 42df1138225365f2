/** Calls of `/api/v1`: errors, tags of lists, and writes that a lost answer does not double. The host proves who asks. */
import { version } from "../../package.json";
import type { Host } from "../host";
import { patiently } from "./patience";
import type { LockModel } from "./schema";

/** A refusal by the server. `lock` is the state that caused it, where the server sends one; `details` is the whole body. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly lock: LockModel | null,
    /** Seconds that the server asks us to wait. */
    readonly retryAfter: number | null,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** No answer arrived; a write may or may not have taken effect. */
export class NetworkError extends Error {}

export interface ClientDependencies {
  /** Rejects with a TypeError when no answer arrived. */
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
  readonly newId: () => string;
}

/** Paths are those below `/api/v1`. Each call throws ApiError or NetworkError. */
export interface Client {
  read<T>(path: string): Promise<T>;
  /** Return null while the server has nothing newer than what this client got; `whole` says whether an answer may be tagged. */
  readChanged<T>(path: string, whole: (answer: T) => boolean): Promise<T | null>;
  /** Forget what `readChanged` knows: something changed that tags do not speak of. */
  forgetTags(): void;
  /** Add a request id, the same for the repetition after a lost answer, so that the server does the work once. */
  write<T>(method: "POST" | "PUT" | "DELETE", path: string, body: object): Promise<T>;
  /** Return a whole file, put together from as many parts as the server makes of it. */
  csv(path: string): Promise<Blob>;
}

/** Says which front end asks: on Forge, screens may be older than the server. */
const CLIENT_HEADER = "Lockpoint-Client";


interface ErrorBody extends Readonly<Record<string, unknown>> {
  readonly error?: string;
  readonly message?: string;
  readonly lock?: LockModel;
}

async function problemOf(response: Response): Promise<ApiError> {
  let body: ErrorBody = {};
  try {
    body = (await response.json()) as ErrorBody;
  } catch {
    // A proxy answered instead of the app, so only the status is known.
  }
  const wait = Number(response.headers.get("Retry-After"));
  return new ApiError(
    response.status,
    body.error ?? "unexpected",
    body.message ?? response.statusText,
    body.lock ?? null,
    Number.isFinite(wait) && wait > 0 ? wait : null,
    body,
  );
}

/** `next` is the query of the part that follows. */
interface CsvPart {
  readonly csv: string;
  readonly next?: string | null;
}

const NEXT = /^<(\?[^>]*)>; rel="next"$/;

/** Forge brings only JSON, so there a file is text in it. */
async function partOf(response: Response): Promise<CsvPart> {
  if (response.headers.get("Content-Type")?.startsWith("text/csv") !== true) return (await response.json()) as CsvPart;
  return { csv: await response.text(), next: NEXT.exec(response.headers.get("Link") ?? "")?.[1] ?? null };
}

/** Return a client that asks through the host, and reads again where places are taken for a moment. */
export function clientOf(host: Pick<Host, "fetch">): Client {
  const fetch = (path: string, init: RequestInit): Promise<Response> => {
    const send = (): Promise<Response> => host.fetch(path, init);
    return init.method === undefined ? patiently(send) : send();
  };
  return createClient({ fetch, newId: () => crypto.randomUUID() });
}

export function createClient(deps: ClientDependencies): Client {
  async function answerTo(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string>), [CLIENT_HEADER]: version };
    try {
      return await deps.fetch(`/api/v1${path}`, { ...init, headers });
    } catch (cause) {
      if (cause instanceof TypeError) throw new NetworkError("no answer", { cause });
      throw cause;
    }
  }

  async function accepted(path: string, init: RequestInit): Promise<Response> {
    const response = await answerTo(path, init);
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  /** ETags of answers by path. With one, the server says "unchanged" without asking Confluence. */
  const tags = new Map<string, string>();

  async function readChanged<T>(path: string, whole: (answer: T) => boolean): Promise<T | null> {
    const tag = tags.get(path);
    const response = await answerTo(path, tag === undefined ? {} : { headers: { "If-None-Match": tag } });
    if (response.status === 304) return null;
    tags.delete(path);
    if (!response.ok) throw await problemOf(response);
    const answer = (await response.json()) as T;
    const fresh = response.headers.get("ETag");
    if (fresh !== null && whole(answer)) tags.set(path, fresh);
    return answer;
  }

  async function write<T>(method: string, path: string, body: object): Promise<T> {
    const init = {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ requestId: deps.newId(), ...body }),
    };
    const send = async (): Promise<T> => (await (await accepted(path, init)).json()) as T;
    try {
      return await send();
    } catch (error) {
      if (error instanceof NetworkError) return send();
      throw error;
    }
  }

  async function csv(path: string): Promise<Blob> {
    const [place = path] = path.split("?");
    const texts: string[] = [];
    for (let next: string | null = path; next !== null;) {
      const part: CsvPart = await partOf(await accepted(next, { headers: { Accept: "text/csv" } }));
      texts.push(texts.length === 0 ? part.csv : part.csv.slice(part.csv.indexOf("\n") + 1));
      next = part.next ? place + part.next : null;
    }
    // Without the mark some spreadsheets take the table for another encoding.
    return new Blob(["\ufeff", ...texts], { type: "text/csv;charset=utf-8" });
  }

  return {
    read: async <T>(path: string) => (await (await accepted(path, {})).json()) as T,
    readChanged,
    forgetTags: () => tags.clear(),
    write,
    csv,
  };
}
