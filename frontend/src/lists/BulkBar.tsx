/** What can be done with the selected locks, its progress, and what came of it. */
import { useState } from "preact/hooks";
import type { BulkOrder } from "../api";
import { problemWords } from "../problems";
import { Icon } from "../ui/Icon";
import { TextForm } from "../ui/TextForm";
import type { Voice } from "../voice";
import type { BulkReport, BulkState, ListRow, ListState, ListStore } from "./store";
import { refusedWords } from "./words";

type BulkKind = "unlock" | "extend" | "break" | "notify-me";
const KINDS: readonly BulkKind[] = ["extend", "unlock", "notify-me", "break"];

function allows({ file: { lock } }: ListRow, kind: BulkKind): boolean {
  switch (kind) {
    case "unlock": return lock.can.release;
    case "extend": return lock.can.extend;
    case "break": return lock.can.break && lock.state !== "mine";
    case "notify-me": return lock.can.notifyMe && lock.state === "other" && !lock.notifyMe.asked;
  }
}

function Progress({ bulk: { progress, stopping }, voice: { t }, onStop }: {
  readonly bulk: BulkState;
  readonly voice: Voice;
  readonly onStop: () => void;
}) {
  const { settled, total, waiting } = progress;
  return (
    <div class="lk-bulk">
      <progress max={total} value={settled} aria-label={t("lists.bulk")} />
      <span role="status">
        {waiting === null ? t("lists.bulk.progress", { settled, total }) : t("lists.bulk.waiting", { settled, total, seconds: waiting })}
      </span>
      <button type="button" class="button small" aria-disabled={stopping} onClick={onStop}>{t(stopping ? "lists.bulk.stopping" : "lists.bulk.stop")}</button>
    </div>
  );
}

function Report({ report, voice, onDismiss }: { readonly report: BulkReport; readonly voice: Voice; readonly onDismiss: () => void }) {
  const { t } = voice;
  const { action, done, refused, left, problem } = report;
  const whole = refused.length === 0 && left === 0 && problem === null;
  return (
    <div class={`notice ${whole ? "success" : "warning"}`} role="status">
      <Icon name={whole ? "done" : "warning"} />
      <span>
        {t(`lists.report.${action as BulkKind}`, { count: done })}
        {refused.length > 0 && <> {t("lists.report.refused", { count: refused.length })}</>}
        {refused.length > 0 && (
          <ul>{refused.map(({ title, result }) => <li key={result.id}>{refusedWords(title, result, voice)}</li>)}</ul>
        )}
        {left > 0 && <> {t("lists.report.left", { count: left })}</>}
        {problem !== null && <> {problemWords(problem, t)}</>}
      </span>
      <button type="button" class="button plain icon-only" aria-label={t("notice.dismiss")} onClick={onDismiss}><Icon name="close" /></button>
    </div>
  );
}

function Choices({ rows, store, voice: { t }, asking, onAsk }: {
  readonly rows: readonly ListRow[];
  readonly store: ListStore;
  readonly voice: Voice;
  readonly asking: boolean;
  readonly onAsk: () => void;
}) {
  const offers = KINDS.map((kind) => ({ kind, able: rows.filter((row) => allows(row, kind)) })).filter(({ able }) => able.length > 0);
  const start = (kind: BulkKind, able: readonly ListRow[]): void => {
    if (kind === "break") onAsk();
    else void store.actOnMany(kind, able);
  };
  return (
    <div class="lk-bulk" role="group" aria-label={t("lists.bulk")}>
      <span role="status">{t("lists.countSelected", { count: rows.length })}</span>
      {offers.map(({ kind, able }) => (
        <button key={kind} type="button" class="button small" {...(kind === "break" ? { "aria-expanded": asking } : {})} onClick={() => start(kind, able)}>
          {t(`lists.bulk.${kind}`, { count: able.length })}
        </button>
      ))}
      {offers.length === 0 && <span class="subtle">{t("lists.bulk.none")}</span>}
      <button type="button" class="button small plain" onClick={() => store.select(rows.map(({ id }) => id), false)}>{t("lists.clear")}</button>
    </div>
  );
}

export function BulkBar({ store, state, voice }: { readonly store: ListStore; readonly state: ListState; readonly voice: Voice }) {
  const [asking, setAsking] = useState(false);
  const { t } = voice;
  const rows = state.rows.filter(({ id }) => state.selected.has(id));
  const ends = rows.filter((row) => allows(row, "break"));
  const end = (reason: string): void => {
    setAsking(false);
    void store.actOnMany("break" satisfies BulkOrder["action"], ends, reason);
  };
  if (state.bulk !== null) return <Progress bulk={state.bulk} voice={voice} onStop={() => store.stop()} />;
  return (
    <>
      {state.report !== null && <Report report={state.report} voice={voice} onDismiss={() => store.dismissReport()} />}
      {rows.length > 0 && <Choices {...{ rows, store, voice, asking }} onAsk={() => setAsking(!asking)} />}
      {asking && ends.length > 0 && (
        <TextForm form="bulk" title={t("lists.bulk.break.title", { count: ends.length })} label={t("form.reason")} hint={t("lists.bulk.break.hint")}
          submit={t("lists.bulk.break.title", { count: ends.length })} look="danger" missing={t("form.reason.missing")} working={false} t={t} onText={end}
          onCancel={() => setAsking(false)} />
      )}
    </>
  );
}
