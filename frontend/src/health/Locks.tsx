/** Locks that do not protect, by reason, each with its remedy. */
import { useContext, useState } from "preact/hooks";
import { locksApi, type Health, type ListedState, type UnprotectedLocks } from "../api";
import { problemWords } from "../problems";
import { FileIcon } from "../ui/FileIcon";
import { OpenTab } from "../ui/openTab";
import type { PanelProps } from "../ui/panel";
import type { Resource } from "../ui/useResource";
import { nameOf } from "../voice";
import { Finding, Result } from "./parts";
import { grouped, unprotectedCount, type Group } from "./rules";
import { useAct, type Act } from "./useAct";

interface Props {
  readonly place: PanelProps;
  readonly health: Health;
  readonly files: Resource<UnprotectedLocks>;
  readonly copy: Act<[]>;
  readonly copyMode: boolean;
  readonly onRemedy: () => void;
}

type Listed = UnprotectedLocks["items"][number];

/** Refusals that no second click changes. */
const BY_HAND: ReadonlySet<string> = new Set(["forbidden", "app_blocked"]);

/** Adds Lockpoint to the restrictions of one page, as the person. */
function GiveAccess({ place: { client, voice: { t } }, file, onRemedy }: Pick<Props, "place" | "onRemedy"> & { readonly file: Listed }) {
  const { pageId, pageTitle } = file;
  const page = pageTitle ?? "";
  const act = useAct(async () => locksApi(client).giveAccess(pageId ?? ""), onRemedy);
  return (
    <div class="remedy">
      <button type="button" class="button" aria-label={t("health.remedy.access.label", { page })} aria-disabled={act.state === "working"}
        onClick={() => act.run()}>
        {t("health.remedy.access")}
      </button>
      <Result act={act} done={t("health.remedy.access.done", { page })} t={t}
        failed={(problem) => (BY_HAND.has(problem.code) ? t("health.remedy.access.byHand") : t("health.remedy.failed", { reason: problemWords(problem, t) }))} />
    </div>
  );
}

function File({ file, reason, place, onRemedy }: Pick<Props, "place" | "onRemedy"> & { readonly file: Listed; readonly reason: Group["reason"] }) {
  const { t } = place.voice;
  const { title, open, pageId, pageTitle, lock } = file;
  return (
    <li class="health-file">
      <FileIcon title={title ?? ""} mediaType={null} />
      <div>
        {open === null || title === null
          ? <span>{title ?? t("health.file.nameless")}</span>
          : <a href={open} target="_blank" rel="noopener" aria-label={t("health.file.open", { title })}>{title}</a>}
        <p class="hint">
          {pageTitle !== null && <span>{t("health.file.on", { page: pageTitle })}</span>}
          <span>{t("health.file.owner", { name: nameOf(lock.holder, t) })}</span>
        </p>
      </div>
      {reason === "app_blocked" && pageId !== null && <GiveAccess place={place} file={file} onRemedy={onRemedy} />}
    </li>
  );
}

/** Leads to the list of locks; nothing where a screen has none. */
function ToList({ filter, place: { voice: { t } } }: { readonly filter: ListedState | null; readonly place: PanelProps }) {
  const openTab = useContext(OpenTab);
  if (openTab === null) return null;
  return (
    <button type="button" class="button link" onClick={() => openTab("locks", filter)}>
      {t("site.locks.title")}{filter !== null && <> · {t(`lists.state.${filter}`)}</>}
    </button>
  );
}

const SHOWN_AT_FIRST = 5;

function ReasonGroup({ group, props }: { readonly group: Group; readonly props: Props }) {
  const { place, files, copy, copyMode, onRemedy } = props;
  const { t } = place.voice;
  const { reason, count } = group;
  const [all, setAll] = useState(false);
  const shown = all ? group.files : group.files.slice(0, SHOWN_AT_FIRST);
  const rest = group.files.length - shown.length;
  const hidden = count - group.files.length;
  const whole = files.value !== null && files.value.nextCursor === null;
  return (
    <li class="health-group" data-reason={reason}>
      <h3>{t(`health.reason.${reason}`)} <span class="lozenge">{t("health.reasonCount", { count })}</span></h3>
      <p class="hint">{t(`health.reason.${reason}.hint`)}</p>
      {reason === "restore_refused" && (copyMode
        ? <p class="hint">{t("health.remedy.copy.on")}</p>
        : <button type="button" class="button" aria-disabled={copy.state === "working"} onClick={() => copy.run()}>{t("health.remedy.copy")}</button>)}
      <ul class="health-files">{shown.map((file) => <File key={file.id} {...{ file, reason, place, onRemedy }} />)}</ul>
      {rest > 0 && <button type="button" class="button link" onClick={() => setAll(true)}>{t("health.files.all", { count: group.files.length })}</button>}
      <p><ToList filter="unprotected" place={place} /></p>
      {whole && hidden > 0 && <p class="hint">{t("health.files.hidden", { count: hidden })}</p>}
    </li>
  );
}

export function Locks(props: Props) {
  const { place, health: { locks }, files } = props;
  const { t } = place.voice;
  const bad = unprotectedCount({ locks });
  if (!locks.licensed) return <Finding look="bad"><p>{t("health.licence")}</p></Finding>;
  if (locks.live === 0) return <Finding look="info"><p>{t("health.locks.none")}</p></Finding>;
  if (bad === 0) return <Finding look="good"><p>{t("health.locks.all", { count: locks.live })}</p><ToList filter={null} place={place} /></Finding>;
  return (
    <>
      <Finding look="bad"><p><strong>{t("health.locks.some", { count: bad })}</strong></p><p class="hint">{t("health.locks.of", { count: locks.live })}</p></Finding>
      {files.value === null && files.loading && <p class="hint" role="status">{t("health.files.loading")}</p>}
      {files.problem !== null && <p class="hint wrong" role="alert">{t("health.files.failed", { reason: problemWords(files.problem, t) })}</p>}
      <ul class="health-groups">
        {grouped(locks.unprotected, files.value?.items ?? []).map((group) => <ReasonGroup key={group.reason} group={group} props={props} />)}
      </ul>
      {files.value?.nextCursor != null && <p class="hint">{t("health.files.more")}</p>}
    </>
  );
}
