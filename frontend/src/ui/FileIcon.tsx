/** A sheet of paper with a sign for the kind of file; decoration, because the name and the column "Type" say it. */
import { kindOf, type FileKind } from "./fileKind";

const SIGNS: Readonly<Record<FileKind, string>> = {
  document: "M7 11h6M7 13.5h6M7 16h4",
  sheet: "M6.5 10.5h7v6h-7zM6.5 13.5h7M10 10.5v6",
  slides: "M6.5 10.5h7v4.5h-7zM10 15v2",
  pdf: "M7 16.5c3-1.5 4-6 2.5-6s0 4 3.5 4.5",
  image: "M6.5 16.5l2.5-3.5 1.7 2 1.3-1.5 1.8 3zM8 10.8v.2",
  video: "M8 10.5v6l5-3z",
  audio: "M9 15.7V10.5l3.5 1v3.7M9 15.7a1.2 1.2 0 1 1-1.2-1.2H9M12.5 15.2a1.2 1.2 0 1 1-1.2-1.2h1.2",
  archive: "M10 3v2M10 7v1.5M10 10.5V12M8.5 13.5h3v3h-3z",
  code: "M8.5 11 6.5 13.5l2 2.5M11.5 11l2 2.5-2 2.5",
  file: "",
};

export function FileIcon({ title, mediaType }: { readonly title: string; readonly mediaType: string | null }) {
  const kind = kindOf(title, mediaType);
  return (
    <svg class={`file-icon kind-${kind}`} viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      <path class="paper" d="M4 1.5h8l4 4v13H4z" />
      <path d="M12 1.5v4h4" />
      <path d={SIGNS[kind]} />
    </svg>
  );
}
