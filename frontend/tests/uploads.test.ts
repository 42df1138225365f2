import { describe, expect, test, vi } from "vitest";
import { NetworkError, type Attachment } from "../src/api";
import { UploadFailure, type Host } from "../src/host";
import { PageStore } from "../src/page/store";
import { failureOf, isOtherKind, Uploads } from "../src/page/uploads";
import { FakeServer, file, free, mine, others } from "./cast";

const DOCX = new File(["new words"], "plan v2.docx");
const offer = (...files: File[]) => ({ files, folder: false });

async function opened(server: FakeServer) {
  const store = new PageStore(server, "98311", () => 0);
  await store.refresh();
  const upload = vi.fn<Host["upload"]>(async () => Promise.resolve());
  const uploads = new Uploads(store, { host: { upload }, api: server, contentId: "98311", now: () => 5 });
  const row = (id = "1"): Attachment => store.get().rows.find((one) => one.id === id) ?? file("none", "none");
  return { store, upload, uploads, row, shown: (id = "1") => uploads.get().byRow.get(id) };
}

describe("a new version", () => {
  test("is sent to Confluence for the attachment, and unlocking is offered", async () => {
    const { upload, uploads, row, shown } = await opened(new FakeServer(file("1", "plan.docx", mine())));
    await uploads.offer(row(), offer(DOCX));
    expect(upload).toHaveBeenCalledExactlyOnceWith({ contentId: "98311", attachmentId: "1", title: "plan.docx" }, DOCX);
    expect(shown()).toEqual({ step: "sent", file: "plan v2.docx", lockId: "L1", endsItself: false });
  });

  test("that ends its lock by itself says so", async () => {
    const { uploads, row, shown } = await opened(new FakeServer(file("1", "plan.docx", mine({ unlockOnUpload: true }))));
    await uploads.offer(row(), offer(DOCX));
    expect(shown()).toMatchObject({ step: "sent", endsItself: true });
  });

  test("is shown on its way, and counts as under way", async () => {
    const { upload, uploads, row, shown } = await opened(new FakeServer(file("1", "plan.docx", mine())));
    let arrive = (): void => undefined;
    upload.mockImplementationOnce(async () => new Promise<void>((resolve) => { arrive = resolve; }));
    const sent = uploads.offer(row(), offer(DOCX));
    await vi.waitFor(() => expect(shown()).toMatchObject({ step: "sending", since: 5 }));
    expect(uploads.busy()).toBe(true);
    await uploads.offer(row(), offer(new File(["x"], "other.docx")));
    expect(upload).toHaveBeenCalledOnce();
    arrive();
    await sent;
    expect(uploads.busy()).toBe(false);
  });

  test("of several files at once has a state for each", async () => {
    const server = new FakeServer(file("1", "plan.docx", mine()), file("2", "b.docx", mine({ lockId: "L7" })));
    const { upload, uploads, row, shown } = await opened(server);
    upload.mockRejectedValueOnce(new UploadFailure(413));
    await Promise.all([uploads.offer(row("1"), offer(DOCX)), uploads.offer(row("2"), offer(DOCX))]);
    expect([shown("1")?.step, shown("2")?.step].sort()).toEqual(["failed", "sent"]);
  });

  test("is not sent by a holder who may no longer edit the page", async () => {
    const server = new FakeServer(file("1", "plan.docx", mine()));
    server.viewer = { ...server.viewer, mayEdit: false };
    const { upload, uploads, row, shown } = await opened(server);
    await uploads.offer(row(), offer(DOCX));
    expect(upload).not.toHaveBeenCalled();
    expect(shown()).toMatchObject({ step: "refused", why: "readOnly" });
  });

  test("is not sent when the lock is gone by now, and the row shows why", async () => {
    const server = new FakeServer(file("1", "plan.docx", mine()));
    const { upload, uploads, row, shown } = await opened(server);
    server.files = [file("1", "plan.docx", others())];
    await uploads.offer(row(), offer(DOCX));
    expect(upload).not.toHaveBeenCalled();
    expect(shown()).toMatchObject({ step: "refused", why: "lost" });
    expect(row().lock.state).toBe("other");
  });

  test("is not sent under another lock of the same person", async () => {
    const server = new FakeServer(file("1", "plan.docx", mine()));
    const { upload, uploads, row } = await opened(server);
    server.files = [file("1", "plan.docx", mine({ lockId: "L9" }))];
    await uploads.offer(row(), offer(DOCX));
    expect(upload).not.toHaveBeenCalled();
  });

  test("is not sent when the lock cannot be checked", async () => {
    const server = new FakeServer(file("1", "plan.docx", mine()));
    const { upload, uploads, row, shown } = await opened(server);
    server.failNext = new NetworkError("down");
    await uploads.offer(row(), offer(DOCX));
    expect(upload).not.toHaveBeenCalled();
    expect(shown()).toMatchObject({ step: "unchecked", problem: { code: "offline" } });
    await uploads.send(row(), DOCX);
    expect(shown()?.step).toBe("sent");
  });

  test("of another kind is asked about first", async () => {
    const { upload, uploads, row, shown } = await opened(new FakeServer(file("1", "plan.docx", mine())));
    const pdf = new File(["x"], "plan.pdf");
    await uploads.offer(row(), offer(pdf));
    expect([shown()?.step, upload.mock.calls.length]).toEqual(["confirm", 0]);
    await uploads.send(row(), pdf);
    expect(upload).toHaveBeenCalledOnce();
    uploads.dismiss("1");
    expect(shown()).toBeUndefined();
  });

  test.each([
    ["a folder", mine(), { files: [DOCX], folder: true }, "folder"],
    ["two files", mine(), offer(DOCX, DOCX), "several"],
    ["an empty file", mine(), offer(new File([], "plan.docx")), "empty"],
    ["a file on one that is not locked", free(), offer(DOCX), "free"],
    ["a file on somebody else's lock", others(), offer(DOCX), "other"],
    ["a file on a lock that ends", free({ state: "ending" }), offer(DOCX), "ending"],
    ["a file of somebody who may only look", free({ can: { ...free().can, lock: false } }), offer(DOCX), "readOnly"],
  ])("%s is refused in words", async (_, lock, given, why) => {
    const { upload, uploads, row, shown } = await opened(new FakeServer(file("1", "plan.docx", lock)));
    await uploads.offer(row(), given);
    expect(shown()).toMatchObject({ step: "refused", why });
    expect(upload).not.toHaveBeenCalled();
  });
});

test.each([
  [new UploadFailure(null), "offline"], [new UploadFailure(413), "tooLarge"], [new UploadFailure(403), "forbidden"],
  [new UploadFailure(404), "missing"], [new UploadFailure(507), "quota"], [new UploadFailure(500), "unexpected"], [new Error("odd"), "unexpected"],
])("%s is told as %s", (error, why) => {
  expect(failureOf(error)).toBe(why);
});

test.each([
  ["plan.DOCX", "plan.docx", false], ["plan.pdf", "plan.docx", true], ["plan.xlsx", "plan.xls", true], ["Makefile", "Makefile", false],
])("%s for %s is another kind: %s", (name, title, other) => {
  expect(isOtherKind(new File(["x"], name), file("1", title))).toBe(other);
});
