/** The rows of the log, each a sentence. */
import type { AuditRow } from "../api";
import type { Voice } from "../voice";
import { sentence } from "./rules";

function Row({ row, voice: { t, formats }, onFile }: { readonly row: AuditRow; readonly voice: Voice; readonly onFile: (file: string) => void }) {
  const { at, event, attachmentId, version, recovered } = row;
  return (
    <tr data-event={event}>
      <td class="audit-time"><time dateTime={at} title={formats.full(at)}>{formats.moment(at)}</time></td>
      <td>
        <span class="audit-says">{sentence(row, t)}</span>
        <span class="audit-kind"><span class="lozenge">{t(`audit.kind.${event}`)}</span>{recovered && <span class="hint">{t("audit.recovered")}</span>}</span>
      </td>
      <td class="audit-file">
        {attachmentId !== null && (
          <button type="button" class="button link" aria-label={t("audit.onlyFile", { file: attachmentId })} onClick={() => onFile(attachmentId)}>{attachmentId}</button>
        )}
        {version !== null && <span class="hint">{t("audit.version", { version })}</span>}
      </td>
    </tr>
  );
}

export function Rows({ rows, voice, onFile }: {
  readonly rows: readonly AuditRow[];
  readonly voice: Voice;
  readonly onFile: (file: string) => void;
}) {
  const { t } = voice;
  return (
    <table class="audit-rows" aria-label={t("audit.table")}>
      <thead><tr><th scope="col">{t("audit.time")}</th><th scope="col">{t("audit.what")}</th><th scope="col">{t("audit.which")}</th></tr></thead>
      <tbody>
        {rows.map((row, at) => <Row key={`${String(at)} ${row.at} ${row.event}`} row={row} voice={voice} onFile={onFile} />)}
      </tbody>
    </table>
  );
}
