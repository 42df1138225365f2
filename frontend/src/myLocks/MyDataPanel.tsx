/** All that is stored about the viewer: on demand, because collecting it reads many files and is recorded. */
import { useMemo, useState } from "preact/hooks";
import { meApi, type MyData } from "../api";
import { saveFile } from "../lists/saveFile";
import { problemOf, type Problem } from "../problems";
import "../messages/parts/myData";
import "../messages/parts/preferences";
import "../styles/me.css";
import { Icon } from "../ui/Icon";
import type { PanelProps } from "../ui/panel";
import { Failed, Loading } from "../ui/States";
import type { Voice } from "../voice";
import { confluenceGroups, databaseGroups, entriesOf, type Entry, type Group } from "./myData";

function valueWords({ value }: Entry, { t, formats }: Voice): string {
  if (typeof value === "boolean") return t(value ? "myLocks.data.yes" : "myLocks.data.no");
  if (typeof value === "number") return formats.number(value);
  return /^\d{4}-\d\d-\d\dT\d\d:/.test(value) ? formats.full(value) : value;
}

function Rows({ rows, voice }: { readonly rows: Group["rows"]; readonly voice: Voice }) {
  return (
    <ol class="me-rows">
      {rows.map((row, at) => (
        <li key={at}>
          <dl>
            {entriesOf(row).map((entry) => <div key={entry.name}><dt>{entry.name}</dt><dd>{valueWords(entry, voice)}</dd></div>)}
          </dl>
        </li>
      ))}
    </ol>
  );
}

function GroupPart({ group: { name, rows }, voice }: { readonly group: Group; readonly voice: Voice }) {
  const { t } = voice;
  return (
    <section class="me-part">
      <h3>{t(`myLocks.group.${name}`)}</h3>
      <p class="subtle">{t(`myLocks.group.${name}.why`)}</p>
      {rows.length === 0
        ? <p class="me-none">{t("myLocks.data.none")}</p>
        : <details><summary>{t("myLocks.data.rows", { count: rows.length })}</summary><Rows rows={rows} voice={voice} /></details>}
    </section>
  );
}

function Collected({ data, voice, onAgain }: { readonly data: MyData; readonly voice: Voice; readonly onAgain: () => void }) {
  const { t, formats } = voice;
  const save = (): void => saveFile(new Blob([JSON.stringify(data, null, 2)], { type: "application/json" }), "lockpoint-my-data.json");
  return (
    <>
      <div class="buttons">
        <button type="button" class="button primary" onClick={save}><Icon name="download" />{t("myLocks.data.download")}</button>
        <button type="button" class="button" onClick={onAgain}>{t("myLocks.data.again")}</button>
        <span class="subtle me-when" role="status">{t("myLocks.data.collected", { time: formats.moment(data.collectedAt) })}</span>
      </div>
      {!data.complete && <p class="notice warning"><Icon name="warning" /><span>{t("myLocks.data.incomplete")}</span></p>}
      <p><span class="subtle">{t("myLocks.data.account")}:</span> <code>{data.accountId}</code></p>
      <h2>{t("myLocks.data.inConfluence")}</h2>
      <div class="me-parts">{confluenceGroups(data).map((group) => <GroupPart key={group.name} group={group} voice={voice} />)}</div>
      <h2>{t("myLocks.data.inDatabase")}</h2>
      <div class="me-parts">{databaseGroups(data).map((group) => <GroupPart key={group.name} group={group} voice={voice} />)}</div>
    </>
  );
}

type State = "not asked" | "asking" | Problem | MyData;

function isData(state: State): state is MyData {
  return typeof state === "object" && "database" in state;
}

export function MyDataPanel({ client, host, voice }: PanelProps) {
  const api = useMemo(() => meApi(client), [client]);
  const [state, setState] = useState<State>("not asked");
  const { t } = voice;
  const privacy = host.publicPage("/privacy");
  const collect = (): void => {
    setState("asking");
    api.data().then(setState, (error: unknown) => setState(problemOf(error)));
  };
  return (
    <div class="me">
      <p>{t("myLocks.data.intro")}</p>
      <ul class="me-facts">
        <li>{t("myLocks.data.names")}</li>
        <li>{t("myLocks.data.days")}</li>
        <li>{t("myLocks.data.mails")}</li>
      </ul>
      {privacy !== null && <p><a href={privacy} target="_blank" rel="noopener">{t("myLocks.preferences.privacy")}</a></p>}
      {state === "not asked" && (
        <div class="field">
          <div class="buttons"><button type="button" class="button primary" onClick={collect}>{t("myLocks.data.show")}</button></div>
          <p class="hint">{t("myLocks.data.cost")}</p>
        </div>
      )}
      {state === "asking" && <Loading text={t("myLocks.data.loading")} />}
      {isData(state) && <Collected data={state} voice={voice} onAgain={collect} />}
      {typeof state === "object" && !isData(state) && <Failed title={t("myLocks.data.failed")} problem={state} t={t} onRetry={collect} />}
    </div>
  );
}
