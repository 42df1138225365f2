/** Health of the site: everything that may need an admin, green where nothing does. */
import type { ComponentChildren } from "preact";
import { useCallback, useMemo, useState } from "preact/hooks";
import "../messages/parts/health";
import "../messages/parts/lists";
import "../styles/site.css";
import { healthApi, settingsApi, type Health, type SiteSettings } from "../api";
import { problemWords } from "../problems";
import { Icon } from "../ui/Icon";
import type { PanelProps } from "../ui/panel";
import { Blank, Failed, Loading } from "../ui/States";
import { useResource } from "../ui/useResource";
import type { Voice } from "../voice";
import { Locks } from "./Locks";
import { Mails } from "./Mails";
import { Finding, Result, UndoingHere } from "./parts";
import { accessState, jobOf, pointsState, unprotectedCount } from "./rules";
import { useAct, type Act } from "./useAct";
import { useSelfTest } from "./useSelfTest";
import { useWatch } from "./useWatch";

const EVERY_MS = 30_000;

interface Seen {
  readonly health: Health;
  readonly settings: SiteSettings;
}

function Section({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return <section class="health-section"><h2>{title}</h2>{children}</section>;
}

function Points({ points, now, voice: { t, formats } }: { readonly points: NonNullable<Health["points"]>; readonly now: string; readonly voice: Voice }) {
  const state = pointsState(points, now);
  const { used, most, until, blockedUntil } = points;
  return (
    <>
      {state === "blocked" && <Finding look="bad"><p>{t("health.points.blocked", { time: formats.moment(blockedUntil ?? until) })}</p></Finding>}
      {state === "low" && <Finding look="warning"><p>{t("health.points.low")}</p></Finding>}
      {used === null
        ? <p>{t("health.points.unknown", { most })}</p>
        : <><p>{t("health.points.used", { used, most, time: formats.moment(until) })}</p>
          <meter class="meter" aria-label={t("health.points.meter")} min={0} max={most} high={most * 0.8} value={used} /></>}
    </>
  );
}

function Access({ forge, now, adopt, voice: { t, formats } }: {
  readonly forge: NonNullable<Health["forge"]>;
  readonly now: string;
  readonly adopt: Act<[]>;
  readonly voice: Voice;
}) {
  const state = accessState(forge, now);
  const { accessUntil, renewedAt, lastEventAt, lastTickAt } = forge;
  return (
    <>
      <Finding look={state === "good" ? "good" : "warning"}>
        <p>{t(`health.forge.${state}`, { time: formats.moment(accessUntil ?? now) })}</p>
        {renewedAt !== null && <p class="hint">{t("health.forge.renewed", { time: formats.moment(renewedAt) })}</p>}
        <p class="hint">{lastEventAt === null ? t("health.forge.noEvent") : t("health.forge.event", { time: formats.moment(lastEventAt) })}</p>
        <p class="hint">{lastTickAt === null ? t("health.forge.noTick") : t("health.forge.tick", { time: formats.moment(lastTickAt) })}</p>
      </Finding>
      {forge.formerSite && (
        <Finding look="warning">
          <p>{t("health.forge.former")}</p>
          <button type="button" class="button" aria-disabled={adopt.state === "working"} onClick={() => adopt.run()}>{t("health.forge.adopt")}</button>
        </Finding>
      )}
      {adopt.state === "working" ? <p class="hint" role="status">{t("health.forge.adopting")}</p> : <Result act={adopt} done={t("health.forge.adopted")} t={t} />}
    </>
  );
}

function Jobs({ parked, voice: { t } }: { readonly parked: Readonly<Record<string, number>>; readonly voice: Voice }) {
  const kinds = Object.entries(parked);
  if (kinds.length === 0) return <Finding look="good"><p>{t("health.jobs.none")}</p></Finding>;
  return (
    <Finding look="warning">
      <ul class="plain-list">{kinds.map(([kind, count]) => <li key={kind}>{t("health.jobCount", { what: t(`health.job.${jobOf(kind)}`), count })}</li>)}</ul>
      <p class="hint">{t("health.jobs.hint")}</p>
    </Finding>
  );
}

/** Return what one click does, each followed by another look. */
function useRemedies({ client }: PanelProps, { health, settings }: Seen, again: () => void) {
  const write = useMemo(() => settingsApi(client), [client]);
  const change = (changes: Parameters<typeof write.changeSite>[1]) => async () => write.changeSite((await write.site()).revision, changes);
  const copy = useAct(change({ copyMode: true }), again);
  const comments = useAct(change({ comments: true }), again);
  const test = useSelfTest(client, health.restoreSelfTest, again);
  const adopt = useAct(async () => healthApi(client).adoptFormerSite(), again);
  return { adopt, copy, comments, test, copyMode: settings.copyMode, commentsOn: settings.comments };
}

function Shown({ seen, place, again }: { readonly seen: Seen; readonly place: PanelProps; readonly again: () => void }) {
  const { client, voice } = place;
  const { t } = voice;
  const { health } = seen;
  const remedies = useRemedies(place, seen, again);
  const bad = unprotectedCount(health);
  const api = useMemo(() => healthApi(client), [client]);
  const reasons = health.locks.unprotected.map(({ reason, count }) => `${reason} ${String(count)}`).join();
  const files = useResource(async () => (bad === 0 ? { items: [], nextCursor: null } : api.unprotected()), reasons);
  const { points, mails, parkedJobs, restoreSelfTest, forge } = health;
  const lookAgain = useCallback(() => {
    again();
    files.reload();
  }, [again, files.reload]);
  return (
    <>
      <Section title={t("health.locks.title")}>
        <Locks place={place} health={health} files={files} copy={remedies.copy} copyMode={remedies.copyMode} onRemedy={lookAgain} />
      </Section>
      {restoreSelfTest !== null && (
        <Section title={t("health.test.title")}>
          <UndoingHere test={restoreSelfTest} copyMode={remedies.copyMode} run={remedies.test} copy={remedies.copy} voice={voice} />
        </Section>
      )}
      {mails !== null && (
        <Section title={t("health.mails.title")}>
          <Mails mails={mails} commentsOn={remedies.commentsOn} comments={remedies.comments} voice={voice} />
        </Section>
      )}
      {forge !== null && <Section title={t("health.forge.title")}><Access forge={forge} now={health.serverTime} adopt={remedies.adopt} voice={voice} /></Section>}
      {points !== null && <Section title={t("health.points.title")}><Points points={points} now={health.serverTime} voice={voice} /></Section>}
      {parkedJobs !== null && <Section title={t("health.jobs.title")}><Jobs parked={parkedJobs} voice={voice} /></Section>}
    </>
  );
}

/** When the last look was, and the button for another. */
function Foot({ seen, place: { voice: { t, formats } }, watch }: {
  readonly seen: Seen;
  readonly place: PanelProps;
  readonly watch: ReturnType<typeof useWatch<Seen>>;
}) {
  const time = formats.moment(seen.health.serverTime);
  return (
    <p class="health-foot">
      <span class="hint">
        {watch.problem === null ? t("health.updated", { time }) : t("health.stale", { time, reason: problemWords(watch.problem, t) })}
      </span>
      <button type="button" class="button plain" aria-disabled={watch.loading} onClick={watch.reload}><Icon name="undo" />{t("health.refresh")}</button>
    </p>
  );
}

export function Overview(place: PanelProps) {
  const { client, voice: { t } } = place;
  const [load] = useState(() => async (): Promise<Seen> => {
    const health = await healthApi(client).site(); // Who may not see it is refused once.
    return { health, settings: await settingsApi(client).site() };
  });
  const watch = useWatch(load, "health", EVERY_MS);
  const { value, problem } = watch;
  if (value === null) {
    if (problem?.code === "forbidden") return <Blank title={t("site.forbidden.title")} hint={t("site.forbidden.hint")} />;
    if (problem === null) return <Loading text={t("health.loading")} />;
    return <Failed title={t("health.failed")} problem={problem} t={t} onRetry={watch.reload} />;
  }
  return (
    <div class="health">
      <Shown seen={value} place={place} again={watch.reload} />
      <Foot seen={value} place={place} watch={watch} />
    </div>
  );
}
