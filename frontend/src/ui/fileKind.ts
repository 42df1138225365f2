/** What kind of file something is, by its name, or else by its media type. */

export const FILE_KINDS = ["document", "sheet", "slides", "pdf", "image", "video", "audio", "archive", "code", "file"] as const;
export type FileKind = (typeof FILE_KINDS)[number];

const ENDINGS: Readonly<Record<Exclude<FileKind, "file">, readonly string[]>> = {
  document: ["doc", "docx", "docm", "dotx", "odt", "rtf", "txt", "md", "pages"],
  sheet: ["xls", "xlsx", "xlsm", "xlsb", "ods", "csv", "tsv", "numbers"],
  slides: ["ppt", "pptx", "pptm", "potx", "odp", "key"],
  pdf: ["pdf"],
  image: ["png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "tif", "tiff", "heic", "psd", "ai", "drawio", "vsd", "vsdx", "fig", "sketch"],
  video: ["mp4", "mov", "avi", "mkv", "webm", "wmv"],
  audio: ["mp3", "wav", "ogg", "flac", "m4a"],
  archive: ["zip", "7z", "rar", "gz", "tar", "tgz", "bz2", "xz", "jar"],
  code: ["json", "xml", "yml", "yaml", "html", "css", "js", "ts", "py", "java", "sql", "sh", "ini", "log", "dwg", "step"],
};
const KIND_OF_ENDING = new Map(Object.entries(ENDINGS).flatMap(([kind, endings]) => endings.map((ending) => [ending, kind as FileKind] as const)));

const KIND_OF_TYPE: readonly (readonly [RegExp, FileKind])[] = [
  [/^image\//, "image"],
  [/^video\//, "video"],
  [/^audio\//, "audio"],
  [/pdf/, "pdf"],
  [/spreadsheet|excel|csv/, "sheet"],
  [/presentation|powerpoint/, "slides"],
  [/word|opendocument\.text|^text\/plain/, "document"],
  [/zip|compressed|tar/, "archive"],
  [/json|xml|javascript|^text\//, "code"],
];

/** Return the name's ending in small letters, or "" without one. */
export function endingOf(title: string): string {
  const dot = title.lastIndexOf(".");
  return dot > 0 ? title.slice(dot + 1).toLowerCase() : "";
}

export function kindOf(title: string, mediaType: string | null): FileKind {
  return KIND_OF_ENDING.get(endingOf(title)) ?? KIND_OF_TYPE.find(([type]) => type.test(mediaType ?? ""))?.[1] ?? "file";
}
