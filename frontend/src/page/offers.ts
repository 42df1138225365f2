/** What a row offers: exactly what the server allows, and Confluence for uploads; the most wanted first. */
import type { Attachment } from "../api";
import type { MessageKey } from "../messages";
import type { IconName } from "../ui/Icon";
import type { ActionKind } from "./actions";
import { mayStopWaiting } from "./rows";
import { obstacleOf } from "./uploads";

/** A form below a row; the last two are about one of those who ask. */
export type Form =
  | { readonly kind: "lock" | "extend" | "break" | "takeOver" | "request" }
  | { readonly kind: "decline" | "handOver"; readonly accountId: string };
export type FormKind = Form["kind"];

type AtOnce = Extract<ActionKind, "lock" | "unlock" | "extend" | "notify" | "cancelNotify" | "cancelRequest">;
export type Run =
  | { readonly act: AtOnce }
  | { readonly form: Exclude<FormKind, "decline" | "handOver"> }
  | { readonly also: "download" | "upload" };

export interface Offered {
  readonly key: string;
  readonly text: MessageKey & `action.${string}`;
  readonly icon: IconName;
  readonly danger?: boolean;
  readonly run: Run;
}

export function offersOf(row: Attachment, mayEdit: boolean): readonly Offered[] {
  const { lock, lock: { can, state, notifyMe } } = row;
  const wantsNotice = can.notifyMe && state !== "free" && state !== "mine";
  const all: (Offered | false)[] = [
    obstacleOf(row, mayEdit) === null && { key: "upload", text: "action.upload", icon: "upload", run: { also: "upload" } },
    can.lock && { key: "lock", text: "action.lock", icon: "locked", run: { act: "lock" } },
    can.release && { key: "unlock", text: "action.unlock", icon: "free", run: { act: "unlock" } },
    can.lock && { key: "lockDownload", text: "action.lockDownload", icon: "download", run: { also: "download" } },
    can.lock && { key: "lockOptions", text: "action.lockOptions", icon: "options", run: { form: "lock" } },
    can.extend && { key: "extend", text: "action.extend", icon: "extend", run: { act: "extend" } },
    can.extend && { key: "extendOptions", text: "action.extendOptions", icon: "options", run: { form: "extend" } },
    mayStopWaiting(lock) && { key: "cancelNotify", text: "action.cancelNotify", icon: "bell", run: { act: "cancelNotify" } },
    !notifyMe.asked && wantsNotice && { key: "notify", text: "action.notify", icon: "bell", run: { act: "notify" } },
    can.request && !can.cancelRequest && { key: "request", text: "action.request", icon: "ask", run: { form: "request" } },
    can.cancelRequest && { key: "cancelRequest", text: "action.cancelRequest", icon: "undo", run: { act: "cancelRequest" } },
    can.break && { key: "break", text: "action.break", icon: "free", danger: true, run: { form: "break" } },
    can.takeOver && { key: "takeOver", text: "action.takeOver", icon: "hand", danger: true, run: { form: "takeOver" } },
  ];
  return all.filter((offer) => offer !== false);
}
