/** The rows of the log, each a sentence. */
import { useMemo } from "preact/hooks";
import type { AuditRow } from "../api";
import { useNames, type NameBook } from "../ui/nameBook";
import type { Voice } from "../voice";
import { sentence } from "./rules";

interface Looks {
  readonly book: NameBook;
  readonly voice: Voice;
  readonly onFile: (file: string) => void;
}

/** The file by its name; one that is deleted or hidden from the viewer keeps its number, and says why. */
function File({ id, book, voice: { t }, onFile }: Looks & { readonly id: string }) {
  const name = book.name(id);
  return (
    <>
      <button type="button" class="button link" aria-label={t("audit.onlyFile", { file: name ?? id })} onClick={() => onFile(id)}>{name ?? id}</button>
      {name === null && <span class="hint">{t("audit.hiddenFile")}</span>}
    </>
  );
}

function Row({ row, ...looks }: Looks & { readonly row: AuditRow }) {
  const { t, formats } = looks.voice;
  const { at, event, attachmentId, version, recovered } = row;
  return (
    <tr data-event={event}>
      <td class="audit-time"><time dateTime={at} title={formats.full(at)}>{formats.moment(at)}</time></td>
      <td>
        <span class="audit-says">{sentence(row, t)}</span>
        <span class="audit-kind"><span class="lozenge">{t(`audit.kind.${event}`)}</span>{recovered && <span class="hint">{t("audit.recovered")}</span>}</span>
      </td>
      <td class="audit-file">
        {attachmentId !== null && <File id={attachmentId} {...looks} />}
        {version !== null && <span class="hint">{t("audit.version", { version })}</span>}
      </td>
    </tr>
  );
}

export function Rows({ rows, ...looks }: Looks & { readonly rows: readonly AuditRow[] }) {
  const { t } = looks.voice;
  const files = useMemo(() => [...new Set(rows.flatMap(({ attachmentId }) => attachmentId ?? []))], [rows]);
  useNames(looks.book, "file", files);
  return (
    <table class="audit-rows" aria-label={t("audit.table")}>
      <thead><tr><th scope="col">{t("audit.time")}</th><th scope="col">{t("audit.what")}</th><th scope="col">{t("audit.which")}</th></tr></thead>
      <tbody>
        {rows.map((row, at) => <Row key={`${String(at)} ${row.at} ${row.event}`} row={row} {...looks} />)}
      </tbody>
    </table>
  );
}
