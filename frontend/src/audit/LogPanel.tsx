/** The audit log of the site, or of a space: filters, rows, more, and all of it as a file. */
import { useMemo, useState } from "preact/hooks";
import "../messages/parts/audit";
import "../messages/parts/health";
import "../styles/site.css";
import { auditApi, directoryApi, type AuditApi, type AuditQuery } from "../api";
import { useAct } from "../health/useAct";
import { problemWords } from "../problems";
import { Icon } from "../ui/Icon";
import { NameBook } from "../ui/nameBook";
import type { PanelProps } from "../ui/panel";
import { Blank, Failed, Loading } from "../ui/States";
import type { Voice } from "../voice";
import { FilterBar } from "./FilterBar";
import { Rows } from "./Rows";
import { isFiltered, NO_FILTERS, queryOf, type Filters } from "./rules";
import { saveFile } from "./saveFile";
import { useLog, type Log } from "./useLog";

const FILE = "lockpoint-audit.csv";

function Download({ api, query, voice: { t } }: { readonly api: AuditApi; readonly query: AuditQuery; readonly voice: Voice }) {
  const act = useAct(async () => saveFile(await api.csv(query), FILE), () => undefined);
  const { state, problem } = act;
  const words = problem === null ? "" : t("audit.csv.failed", { reason: problemWords(problem, t) });
  return (
    <div class="audit-download">
      <p class={problem === null ? "hint" : "hint wrong"} role="status">
        {state === "working" ? t("audit.csv.working") : state === "done" ? t("audit.csv.done") : words}
      </p>
      <button type="button" class="button" aria-disabled={state === "working"} onClick={() => act.run()}><Icon name="download" />{t("audit.csv")}</button>
    </div>
  );
}

function Found({ log, filters, book, voice, onFilters }: {
  readonly log: Log;
  readonly book: NameBook;
  readonly filters: Filters;
  readonly voice: Voice;
  readonly onFilters: (filters: Filters) => void;
}) {
  const { t } = voice;
  const { rows, next, loading, problem } = log;
  if (rows === null) return <Failed title={t("audit.failed")} problem={problem} t={t} onRetry={log.reload} />;
  if (rows.length === 0 && isFiltered(filters)) {
    return (
      <Blank title={t("audit.noMatch.title")} hint={t("audit.noMatch.hint")}>
        <button type="button" class="button" onClick={() => onFilters(NO_FILTERS)}>{t("audit.reset")}</button>
      </Blank>
    );
  }
  if (rows.length === 0) return <Blank title={t("audit.empty.title")} hint={t("audit.empty.hint")} />;
  return (
    <div class="audit-found" aria-busy={loading}>
      <Rows rows={rows} book={book} voice={voice} onFile={(attachment) => onFilters({ ...filters, attachment })} />
      {problem !== null && <p class="notice warning" role="alert"><Icon name="warning" /><span>{problemWords(problem, t)}</span></p>}
      <div class="audit-foot">
        <p class="hint" role="status">{t(next === null ? "audit.count" : "audit.countMore", { count: rows.length })}</p>
        {next !== null && <button type="button" class="button" aria-disabled={loading} onClick={log.more}>{t(loading ? "audit.more.loading" : "audit.more")}</button>}
      </div>
    </div>
  );
}

export function LogPanel({ place, space }: { readonly place: PanelProps; readonly space: string | null }) {
  const { client, context, voice } = place;
  const { t } = voice;
  const api = useMemo(() => auditApi(client, space), [client, space]);
  const book = useMemo(() => new NameBook(directoryApi(client)), [client]);
  const [filters, setFilters] = useState(NO_FILTERS);
  const query = queryOf(filters, context.timeZone);
  const log = useLog(api, query);
  if (log.problem?.code === "forbidden") {
    const words = space === null ? "site.forbidden" : "audit.forbidden";
    return <Blank title={t(`${words}.title`)} hint={t(`${words}.hint`)} />;
  }
  // Before the first answer nobody knows whether the viewer may see anything of it.
  if (log.rows === null && log.problem === null) return <Loading text={t("audit.loading")} />;
  return (
    <div class="audit">
      <div class="audit-head">
        <p class="settings-hint">{t(space === null ? "audit.hint" : "audit.hint.space")}</p>
        <Download api={api} query={query} voice={voice} key={JSON.stringify(query)} />
      </div>
      <FilterBar filters={filters} book={book} voice={voice} onChange={(change) => setFilters({ ...filters, ...change })} />
      <Found log={log} filters={filters} book={book} voice={voice} onFilters={setFilters} />
    </div>
  );
}
