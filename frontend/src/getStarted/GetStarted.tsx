/** After the installation: checks that turn green by themselves, and what comes next. */
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { auditApi, healthApi, settingsApi, templatesApi, type Template } from "../api";
import { Finding, Result, UndoingHere } from "../health/parts";
import { useAct } from "../health/useAct";
import { useSelfTest } from "../health/useSelfTest";
import { useWatch } from "../health/useWatch";
import { FIRST_MAIL } from "../mails/groups";
import { firstLanguage } from "../mails/languages";
import { TestMail } from "../mails/TestMail";
import { problemWords } from "../problems";
import { Icon } from "../ui/Icon";
import type { PanelProps } from "../ui/panel";
import { Blank, Failed, Loading } from "../ui/States";
import { useResource } from "../ui/useResource";
import { allGreen, checksOf, sentMails, type CheckName, type Found, type Seen } from "./checks";

const EVERY_MS = 10_000;
const NEXT = ["settings", "mails", "managers", "people"] as const;
const ICONS = { done: "done", todo: "ending", problem: "warning" } as const;

interface Props {
  readonly place: PanelProps;
  readonly seen: Seen;
  readonly again: () => void;
}

function Licence({ place: { voice: { t } }, seen }: Props) {
  return <p>{t(seen.health.locks.licensed ? "getStarted.licence.done" : "health.licence")}</p>;
}

function Restore({ place: { client, voice }, seen: { health, settings }, again }: Props) {
  const write = settingsApi(client);
  const run = useSelfTest(client, health.restoreSelfTest, again);
  const copy = useAct(async () => write.changeSite((await write.site()).revision, { copyMode: true }), again);
  const test = health.restoreSelfTest ?? { result: "unknown", at: null } as const;
  return <UndoingHere test={test} copyMode={settings.copyMode} run={run} copy={copy} voice={voice} />;
}

/** Sends the words of one mail as they are, in the viewer's language. */
function SendOne({ place: { client, voice }, again }: Omit<Props, "seen">) {
  const api = useMemo(() => templatesApi(client), [client]);
  const language = firstLanguage(voice.locale);
  const texts = useResource(async () => api.read(language), language);
  const template: Template | undefined = texts.value?.templates.find(({ mail }) => mail === FIRST_MAIL);
  const trial = { language, mail: FIRST_MAIL, subject: template?.subject ?? "", body: template?.body ?? "" };
  return <TestMail api={api} trial={trial} disabled={template === undefined} t={voice.t} onSent={again} />;
}

function Mail({ place, seen: { health }, again }: Props) {
  const { t } = place.voice;
  const sent = sentMails(health);
  const refused = sent === 0 && (health.mails?.refused ?? 0) > 0;
  return (
    <>
      <p>{sent > 0 ? t("getStarted.mail.done", { count: sent }) : t(refused ? "getStarted.mail.refused" : "getStarted.mail.todo")}</p>
      <SendOne place={place} again={again} />
    </>
  );
}

function FirstLock({ place: { voice: { t } }, seen }: Props) {
  return <p>{t(seen.locked ? "getStarted.lock.done" : "getStarted.lock.todo")}</p>;
}

function On({ place: { client, voice: { t } }, seen: { settings }, again }: Props) {
  const write = settingsApi(client);
  const act = useAct(async () => write.changeSite((await write.site()).revision, { active: true }), again);
  return (
    <>
      <p>{t(settings.active ? "getStarted.on.done" : "getStarted.on.todo")}</p>
      {!settings.active && <button type="button" class="button" aria-disabled={act.state === "working"} onClick={() => act.run()}>{t("getStarted.on.switch")}</button>}
      <Result act={act} done={t("getStarted.on.switched")} t={t} />
    </>
  );
}

const CONTENT = { licence: Licence, restore: Restore, mail: Mail, lock: FirstLock, on: On } as const;

function Check({ name, found, props }: { readonly name: CheckName; readonly found: Found; readonly props: Props }) {
  const { t } = props.place.voice;
  const Content = CONTENT[name];
  return (
    <li class={`step ${found}`} data-check={name} data-found={found}>
      <span class="step-mark"><Icon name={ICONS[found]} /></span>
      <div class="step-content">
        <h2>{t(`getStarted.${name}.title`)}</h2>
        <p class="step-state">{t(`getStarted.${found}`)}</p>
        <Content {...props} />
      </div>
    </li>
  );
}

const GUIDES = ["admin", "user"] as const;

/** Links to the guides on our server, where the frame knows it. */
function Guides({ place: { host, voice: { t } } }: Pick<Props, "place">) {
  const links = GUIDES.flatMap((name) => {
    const address = host.publicPage(`/guide/${name}`);
    return address === null ? [] : [<a key={name} href={address} target="_blank" rel="noopener">{t(`getStarted.guide.${name}`)}</a>];
  });
  return links.length === 0 ? null : <p class="guides">{links}</p>;
}

function SettingsLink({ place: { host, voice: { t } } }: Pick<Props, "place">) {
  const { value } = useResource(async () => host.settingsPage(), "");
  return value === null ? null : <p><a href={value} target="_blank" rel="noopener">{t("getStarted.next.settings.open")}</a></p>;
}

function Next({ place }: Pick<Props, "place">) {
  const { t } = place.voice;
  return (
    <section class="next">
      <h2>{t("getStarted.next.title")}</h2>
      <ul class="next-list">
        {NEXT.map((name) => (
          <li key={name}>
            <h3>{t(`getStarted.next.${name}`)}</h3>
            <p>{t(`getStarted.next.${name}.hint`)}</p>
            {name === "settings" && <SettingsLink place={place} />}
          </li>
        ))}
      </ul>
      <Guides place={place} />
    </section>
  );
}

function Checks(props: Props) {
  const { t } = props.place.voice;
  const checks = checksOf(props.seen);
  const done = checks.filter(([, found]) => found === "done").length;
  const ready = allGreen(checks);
  return (
    <>
      <div role="status">
        {ready
          ? <Finding look="good"><p><strong>{t("getStarted.ready.title")}</strong></p><p>{t("getStarted.ready.hint")}</p></Finding>
          : <p class="step-progress">{t("getStarted.progress", { done, all: checks.length })}</p>}
      </div>
      <ul class="steps">{checks.map(([name, found]) => <Check key={name} name={name} found={found} props={props} />)}</ul>
      <Next place={props.place} />
    </>
  );
}

function Frame({ place: { voice: { t } }, lead, children }: Pick<Props, "place"> & { readonly lead: boolean; readonly children: ComponentChildren }) {
  return (
    <main class="page place get-started">
      <header class="top"><h1>{t("getStarted.title")}</h1></header>
      {lead && <p class="settings-hint">{t("getStarted.lead")}</p>}
      {children}
    </main>
  );
}

export function GetStarted(place: PanelProps) {
  const { client, voice: { t } } = place;
  const [green, setGreen] = useState(false);
  const [load] = useState(() => async (): Promise<Seen> => {
    const health = await healthApi(client).site(); // Who may not see it is refused once.
    const [settings, locked] = await Promise.all([settingsApi(client).site(), auditApi(client).happened("acquired")]);
    const seen = { health, settings, locked };
    setGreen(allGreen(checksOf(seen)));
    return seen;
  });
  const { value, problem, reload } = useWatch(load, "checks", green ? null : EVERY_MS);
  if (problem?.code === "forbidden") {
    return <Frame place={place} lead={false}><Blank title={t("getStarted.viewer.title")} hint={t("getStarted.viewer.hint")} /></Frame>;
  }
  if (value === null) {
    const shown = problem === null ? <Loading text={t("getStarted.loading")} /> : <Failed title={t("getStarted.failed")} problem={problem} t={t} onRetry={reload} />;
    return <Frame place={place} lead={false}>{shown}</Frame>;
  }
  return (
    <Frame place={place} lead>
      {problem !== null && <p class="notice warning" role="status"><Icon name="warning" /><span>{problemWords(problem, t)}</span></p>}
      <Checks place={place} seen={value} again={reload} />
    </Frame>
  );
}
