/** Sentences about an upload from a row. */
import type { Attachment } from "../api";
import { problemWords } from "../problems";
import { nameOf, type Voice } from "../voice";
import { obstacleOf, type Upload } from "./uploads";

/** Return where an upload stands, or why there is none. */
export function uploadWords(row: Attachment, upload: Upload, voice: Voice): string {
  const { t, formats } = voice;
  const { title } = row;
  const file = typeof upload.file === "string" ? upload.file : upload.file.name;
  switch (upload.step) {
    case "refused":
      return refusedWords(row, upload.why, file, voice);
    case "confirm":
      return t("upload.confirm", { file, title });
    case "checking":
      return t("upload.checking");
    case "sending":
      return t("upload.sending", { file, size: formats.size(upload.file.size) });
    case "unchecked":
      return t("upload.failed.unchecked", { reason: problemWords(upload.problem, t) });
    case "failed":
      return t(`upload.failed.${upload.why}`, { file, size: formats.size(upload.file.size) });
    case "sent":
      return row.version === null ? t("upload.sent.noVersion", { file }) : t("upload.sent", { file, version: row.version });
  }
}

function refusedWords(row: Attachment, why: Extract<Upload, { step: "refused" }>["why"], file: string, { t }: Voice): string {
  return t(`upload.refused.${why}`, { file, title: row.title, name: nameOf(row.lock.holder, t) });
}

/** Return what a row says to a file above it. */
export function dropWords(row: Attachment, mayEdit: boolean, voice: Voice): string {
  const obstacle = obstacleOf(row, mayEdit);
  return obstacle === null ? voice.t("upload.drop") : refusedWords(row, obstacle, "", voice);
}
