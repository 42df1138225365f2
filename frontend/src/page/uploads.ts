/** New versions on their way from a row to Confluence: one for each file, several at once. No rendering, no timers. */
import type { Attachment, LocksApi } from "../api";
import { UploadFailure, type Host } from "../host";
import { problemOf, type Problem } from "../problems";
import { endingOf, kindOf } from "../ui/fileKind";
import { Observed } from "./observed";
import { viewerMayEdit, type PageStore } from "./store";

export type Refusal = "several" | "folder" | "empty" | "free" | "other" | "ending" | "readOnly" | "lost";
export type Failure = "offline" | "tooLarge" | "forbidden" | "missing" | "quota" | "unexpected";

export type Upload =
  | { readonly step: "refused"; readonly why: Refusal; readonly file: string }
  | { readonly step: "confirm"; readonly file: File }
  | { readonly step: "checking"; readonly file: File }
  | { readonly step: "sending"; readonly file: File; /** On the browser's monotonic clock. */ readonly since: number }
  | { readonly step: "unchecked"; readonly file: File; readonly problem: Problem }
  | { readonly step: "failed"; readonly file: File; readonly why: Failure }
  | { readonly step: "sent"; readonly file: string; readonly lockId: string; readonly endsItself: boolean };

export interface UploadsState {
  readonly byRow: ReadonlyMap<string, Upload>;
}

/** What was dropped on a row, or chosen for it. */
export interface Offer {
  readonly files: readonly File[];
  readonly folder: boolean;
}

interface Tools {
  readonly host: Pick<Host, "upload">;
  readonly api: Pick<LocksApi, "state">;
  readonly contentId: string;
  readonly now: () => number;
}

const WHY: Readonly<Record<number, Failure>> = { 401: "forbidden", 403: "forbidden", 404: "missing", 413: "tooLarge", 507: "quota" };

/** Return why Confluence did not take a file. */
export function failureOf(error: unknown): Failure {
  const status = error instanceof UploadFailure ? error.status : null;
  if (error instanceof UploadFailure && status === null) return "offline";
  return WHY[status ?? 0] ?? "unexpected";
}

/** Return why nothing may be uploaded over a file now; null: the viewer has locked it, and may edit the page. */
export function obstacleOf({ lock: { state, can } }: Attachment, mayEdit: boolean): Refusal | null {
  if (can.release && state === "mine") return mayEdit ? null : "readOnly";
  if (state === "other" || state === "ending") return state;
  return can.lock ? "free" : "readOnly";
}

/** Whether the file is of another kind than the attachment, by its ending, or else by its media type. */
export function isOtherKind(file: File, { title, mediaType }: Attachment): boolean {
  const [one, other] = [endingOf(file.name), endingOf(title)];
  return one === "" || other === "" ? kindOf(file.name, file.type) !== kindOf(title, mediaType) : one !== other;
}

function refusalOf(row: Attachment, { files, folder }: Offer, mayEdit: boolean): Refusal | null {
  const obstacle = obstacleOf(row, mayEdit);
  if (obstacle !== null) return obstacle;
  if (folder) return "folder";
  if (files.length > 1) return "several";
  return files[0]?.size === 0 ? "empty" : null;
}

const UNDER_WAY: ReadonlySet<Upload["step"]> = new Set(["checking", "sending"]);

export function isUnderWay(upload: Upload | undefined): boolean {
  return upload !== undefined && UNDER_WAY.has(upload.step);
}

export class Uploads extends Observed<UploadsState> {
  constructor(private readonly page: PageStore, private readonly tools: Tools) {
    super({ byRow: new Map() });
  }

  /** Whether closing the dialog would cut something off. */
  busy(): boolean {
    return [...this.get().byRow.values()].some(isUnderWay);
  }

  private put(id: string, upload: Upload): void {
    this.set({ byRow: new Map(this.get().byRow).set(id, upload) });
  }

  dismiss(id: string): void {
    this.set({ byRow: new Map([...this.get().byRow].filter(([key]) => key !== id)) });
  }

  /** Take what somebody dropped or chose: send it, ask, or say why not. Never rejects. */
  async offer(row: Attachment, offer: Offer): Promise<void> {
    const [file] = offer.files;
    if (isUnderWay(this.get().byRow.get(row.id))) return; // The row shows what is on its way.
    const why = refusalOf(row, offer, viewerMayEdit(this.page.get()));
    if (why !== null) this.put(row.id, { step: "refused", why, file: file?.name ?? "" });
    else if (file !== undefined && isOtherKind(file, row)) this.put(row.id, { step: "confirm", file });
    else if (file !== undefined) await this.send(row, file);
  }

  /** Send the file if the viewer still holds this lock. Never rejects. */
  async send(row: Attachment, file: File): Promise<void> {
    if (isUnderWay(this.get().byRow.get(row.id))) return;
    this.put(row.id, { step: "checking", file });
    try {
      const { lock } = await this.tools.api.state(row.id);
      this.page.settle(row.id, lock);
      if (!lock.can.release || lock.lockId !== row.lock.lockId) {
        this.put(row.id, { step: "refused", why: "lost", file: file.name });
        return;
      }
    } catch (error) {
      this.put(row.id, { step: "unchecked", file, problem: problemOf(error) });
      return;
    }
    await this.transfer(row, file);
  }

  private async transfer(row: Attachment, file: File): Promise<void> {
    const { host, contentId, now } = this.tools;
    this.put(row.id, { step: "sending", file, since: now() });
    try {
      await host.upload({ contentId, attachmentId: row.id, title: row.title }, file);
    } catch (error) {
      this.put(row.id, { step: "failed", file, why: failureOf(error) });
      return void this.page.refreshAfterAction();
    }
    const { lockId, unlockOnUpload } = row.lock;
    this.put(row.id, { step: "sent", file: file.name, lockId: lockId ?? "", endsItself: unlockOnUpload });
    await this.page.refreshAfterAction();
  }
}
