/** What a viewer does with one file, and the call that does it. */
import type { AcquireOptions, Attachment, ExtendOptions, LocksApi, LockView } from "../api";

export type Action =
  | { readonly kind: "lock"; readonly options: AcquireOptions }
  | { readonly kind: "extend"; readonly options: ExtendOptions }
  | { readonly kind: "unlock" | "notify" | "cancelNotify" | "cancelRequest" }
  | { readonly kind: "break" | "takeOver"; readonly reason: string }
  | { readonly kind: "request"; readonly message: string | null }
  | { readonly kind: "decline"; readonly accountId: string; readonly note: string | null }
  | { readonly kind: "handOver"; readonly accountId: string; readonly reason: string | null };
export type ActionKind = Action["kind"];

export interface Result {
  readonly lock: LockView;
  /** Whether a newer version arrived just before the lock. */
  readonly headMoved: boolean;
}

/** Return what the viewer saw of the file, for the server to compare. */
export function seenOf({ version, versionCreated }: Attachment): AcquireOptions {
  return version === null || versionCreated === null ? {} : { seenVersion: version, seenVersionCreated: versionCreated };
}

/** Throws ApiError or NetworkError. */
export async function perform(api: LocksApi, row: Attachment, action: Action): Promise<Result> {
  if (action.kind === "lock") {
    const { lock, warning } = await api.acquire(row.id, { ...seenOf(row), ...action.options });
    return { lock, headMoved: warning?.code === "head_moved" };
  }
  return { lock: await changed(api, row, action), headMoved: false };
}

async function changed(api: LocksApi, { id, lock }: Attachment, action: Exclude<Action, { kind: "lock" }>): Promise<LockView> {
  const lockId = lock.lockId ?? "";
  switch (action.kind) {
    case "notify": return { ...lock, ...(await api.askNotice(id)) };
    case "cancelNotify": return { ...lock, ...(await api.cancelNotice(id)) };
    case "unlock": return (await api.release(id, lockId)).lock;
    case "extend": return (await api.extend(id, lockId, action.options)).lock;
    case "break": return (await api.break(id, lockId, action.reason)).lock;
    case "takeOver": return (await api.takeOver(id, lockId, action.reason)).lock;
    case "request": return (await api.request(id, lockId, action.message)).lock;
    case "cancelRequest": return (await api.cancelRequest(id, lockId)).lock;
    case "decline": return (await api.decline(id, lockId, action.accountId, action.note)).lock;
    case "handOver": return (await api.handOver(id, lockId, action.accountId, action.reason)).lock;
  }
}
