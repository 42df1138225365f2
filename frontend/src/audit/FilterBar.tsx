/** Filters of the log: time, event, person, file. */
import { useId } from "preact/hooks";
import type { AuditKind } from "../api";
import type { NameBook } from "../ui/nameBook";
import { TypeAhead } from "../ui/TypeAhead";
import type { Voice } from "../voice";
import { fileIsWrong, KINDS, type Filters } from "./rules";

export function FilterBar({ filters, book, voice, onChange }: {
  readonly filters: Filters;
  readonly book: NameBook;
  readonly voice: Voice;
  readonly onChange: (change: Partial<Filters>) => void;
}) {
  const id = useId();
  const { t } = voice;
  const wrong = fileIsWrong(filters);
  return (
    <form class="audit-filters" role="search" aria-label={t("audit.filters")} onSubmit={(event) => event.preventDefault()}>
      {(["from", "to"] as const).map((name) => (
        <div key={name} class="field">
          <label for={`${id}-${name}`}>{t(`audit.${name}`)}</label>
          <input id={`${id}-${name}`} type="date" value={filters[name]} onChange={(event) => onChange({ [name]: event.currentTarget.value })} />
        </div>
      ))}
      <div class="field">
        <label for={`${id}-event`}>{t("audit.event")}</label>
        <select id={`${id}-event`} value={filters.event} onChange={(event) => onChange({ event: event.currentTarget.value as AuditKind | "" })}>
          <option value="">{t("audit.event.all")}</option>
          {KINDS.map((kind) => <option key={kind} value={kind}>{t(`audit.kind.${kind}`)}</option>)}
        </select>
      </div>
      <div class="field">
        <label for={`${id}-file`}>{t("audit.file")}</label>
        <input id={`${id}-file`} type="text" inputMode="numeric" value={filters.attachment} aria-invalid={wrong} aria-describedby={`${id}-file-hint`}
          onChange={(event) => onChange({ attachment: event.currentTarget.value })} />
        <p id={`${id}-file-hint`} class={wrong ? "hint wrong" : "hint"}>{t(wrong ? "audit.file.wrong" : "audit.file.hint")}</p>
      </div>
      <TypeAhead kind="person" label={t("audit.person")} hint="" ids={filters.account === null ? [] : [filters.account]}
        book={book} voice={voice} most={1} onChange={(ids) => onChange({ account: ids[0] ?? null })} />
    </form>
  );
}
