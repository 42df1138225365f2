/** What can be done with the chosen files, how far it is, and what came of it. */
import { useState } from "preact/hooks";
import type { Attachment } from "../api";
import { problemWords } from "../problems";
import { Icon } from "../ui/Icon";
import { TextForm } from "../ui/TextForm";
import type { Voice } from "../voice";
import { allows, BULK_KINDS, type BulkKind, type BulkReport, type ManyFiles, type ManyState } from "./many";

interface Props {
  readonly many: ManyFiles;
  readonly state: ManyState;
  readonly voice: Voice;
  /** The files that search and filter leave. */
  readonly shown: readonly Attachment[];
}

function Progress({ many, state: { progress, stopping }, voice: { t } }: Props) {
  if (progress === null) return null;
  const { settled, total, waiting } = progress;
  return (
    <div class="bulk">
      <progress max={total} value={settled} aria-label={t("bulk.label")} />
      <span role="status">{waiting === null ? t("bulk.progress", { settled, total }) : t("bulk.waiting", { settled, total, seconds: waiting })}</span>
      <button type="button" class="button" aria-disabled={stopping} onClick={() => many.stop()}>{t(stopping ? "bulk.stopping" : "bulk.stop")}</button>
    </div>
  );
}

function Report({ report: { kind, done, refused, left, problem }, many, voice: { t } }: Props & { readonly report: BulkReport }) {
  const whole = refused === 0 && left === 0 && problem === null;
  const parts = [
    done > 0 || whole ? t(`bulk.done.${kind}`, { count: done }) : "",
    refused > 0 ? t("bulk.refused", { count: refused }) : "",
    left > 0 ? t("bulk.left", { count: left }) : "",
    problem === null ? "" : problemWords(problem, t),
  ];
  return (
    <div class={`notice ${whole ? "success" : "warning"}`} role="status" data-report={kind}>
      <Icon name={whole ? "done" : "warning"} />
      <span>{parts.filter((part) => part !== "").join(" ")}</span>
      <button type="button" class="button plain icon-only" aria-label={t("notice.dismiss")} onClick={() => many.dismissReport()}><Icon name="close" /></button>
    </div>
  );
}

function Ending({ count, voice: { t }, onReason, onCancel }: {
  readonly count: number;
  readonly voice: Voice;
  readonly onReason: (reason: string) => void;
  readonly onCancel: () => void;
}) {
  const title = t("bulk.break.title", { count });
  return (
    <TextForm form="bulk" title={title} label={t("form.reason")} hint={t("bulk.break.hint")} submit={title} look="danger" missing={t("form.reason.missing")}
      working={false} t={t} onText={onReason} onCancel={onCancel} />
  );
}

function Choices(props: Props & { readonly rows: readonly Attachment[]; readonly asking: boolean; readonly onKind: (kind: BulkKind) => void }) {
  const { rows, shown, many, voice: { t }, asking, onKind } = props;
  const offers = BULK_KINDS.map((kind) => ({ kind, count: rows.filter((row) => allows(row, kind)).length })).filter(({ count }) => count > 0);
  const visible = new Set(shown.map(({ id }) => id));
  const hidden = rows.filter(({ id }) => !visible.has(id)).length;
  return (
    <div class="bulk" role="group" aria-label={t("bulk.label")}>
      <span role="status" class="bulk-count">
        {t("bulk.selected", { count: rows.length })}
        {hidden > 0 && <span class="subtle"> {t("bulk.hidden", { count: hidden })}</span>}
      </span>
      {offers.map(({ kind, count }) => (
        <button key={kind} type="button" class="button" data-bulk={kind} {...(kind === "break" ? { "aria-expanded": asking } : {})} onClick={() => onKind(kind)}>
          {t(`bulk.${kind}`, { count })}
        </button>
      ))}
      {offers.length === 0 && <span class="subtle">{t("bulk.none")}</span>}
      <button type="button" class="button plain" onClick={() => many.clear()}>{t("bulk.clear")}</button>
    </div>
  );
}

export function BulkReportLine(props: Props) {
  const { report } = props.state;
  return report === null ? null : <Report {...props} report={report} />;
}

export function BulkBar(props: Props) {
  const { many, state, voice } = props;
  const [asking, setAsking] = useState(false);
  if (state.kind !== null) return <Progress {...props} />;
  const rows = many.chosen();
  if (rows.length === 0) return null;
  const ends = rows.filter((row) => allows(row, "break")).length;
  const start = (kind: BulkKind): void => {
    if (kind === "break") setAsking(!asking);
    else void many.act(kind);
  };
  const end = (reason: string): void => {
    setAsking(false);
    void many.act("break", reason);
  };
  return (
    <div class="bulk-area">
      {asking && ends > 0 && <Ending count={ends} voice={voice} onReason={end} onCancel={() => setAsking(false)} />}
      <Choices {...props} {...{ rows, asking }} onKind={start} />
    </div>
  );
}
