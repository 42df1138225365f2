/** Search, filter, order, and the list as a file. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { LOCK_SORTS } from "../api/lists";
import type { ListedState, LockQuestion, LockScope, LockSort, ListsApi } from "../api";
import { problemOf, problemWords, type Problem } from "../problems";
import { Icon } from "../ui/Icon";
import type { Voice } from "../voice";
import { saveFile } from "./saveFile";

const TYPING_MS = 300;

interface Props {
  readonly scope: LockScope;
  readonly question: LockQuestion;
  readonly voice: Voice;
  readonly api: ListsApi;
  readonly onAsk: (question: LockQuestion) => void;
}

/** Ask when the viewer has stopped typing; Enter asks at once. */
function useTyped(question: LockQuestion, onAsk: (question: LockQuestion) => void) {
  const [text, setText] = useState(question.text);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const latest = useRef(question);
  latest.current = question;
  useEffect(() => setText(question.text), [question.text]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const ask = (wanted: string): void => {
    clearTimeout(timer.current);
    if (wanted !== latest.current.text) onAsk({ ...latest.current, text: wanted });
  };
  const type = (wanted: string): void => {
    setText(wanted);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => ask(wanted), TYPING_MS);
  };
  return { text, type, ask };
}

function statesOf(scope: LockScope): readonly ListedState[] {
  if (scope === "waiting") return [];
  return scope === "mine" ? ["unprotected", "ending"] : ["mine", "other", "unprotected", "ending"];
}

function StateFilter({ scope, question, voice: { t }, onAsk }: Props) {
  const id = useId();
  const states = statesOf(scope);
  if (states.length === 0) return null;
  return (
    <div class="tool tool-state">
      <label for={id}>{t("lists.state")}</label>
      <select id={id} value={question.state ?? ""}
        onChange={(event) => onAsk({ ...question, state: event.currentTarget.value === "" ? null : event.currentTarget.value as ListedState })}>
        <option value="">{t("lists.state.all")}</option>
        {states.map((state) => <option key={state} value={state}>{t(`lists.state.${state}`)}</option>)}
      </select>
    </div>
  );
}

/** Only where the heads of the columns are hidden. */
function SortChoice({ question, voice: { t }, onAsk }: Props) {
  const id = useId();
  return (
    <div class="tool lk-sort">
      <label for={id}>{t("lists.sort")}</label>
      <select id={id} value={question.sort} onChange={(event) => onAsk({ ...question, sort: event.currentTarget.value as LockSort })}>
        {LOCK_SORTS.map((sort) => <option key={sort} value={sort}>{t(`lists.sort.${sort}`)}</option>)}
      </select>
    </div>
  );
}

type CsvState = "idle" | "busy" | "done" | Problem;

function Csv({ api, question, voice: { t } }: Props) {
  const [state, setState] = useState<CsvState>("idle");
  const collect = async (): Promise<void> => {
    setState("busy");
    try {
      saveFile(await api.csv(question), "lockpoint-locks.csv");
      setState("done");
    } catch (error) {
      setState(problemOf(error));
    }
  };
  const failed = typeof state === "object";
  return (
    <div class="lk-csv">
      <button type="button" class="button" aria-disabled={state === "busy"} onClick={() => { if (state !== "busy") void collect(); }}>
        <Icon name="download" />{t(state === "busy" ? "lists.csv.busy" : "lists.csv")}
      </button>
      <p role="status" class={failed ? "hint wrong" : "visually-hidden"}>
        {failed ? t("lists.csv.failed", { reason: problemWords(state, t) }) : state === "done" ? t("lists.csv.done") : ""}
      </p>
    </div>
  );
}

export function Tools(props: Props) {
  const { scope, question, voice: { t }, onAsk } = props;
  const { text, type, ask } = useTyped(question, onAsk);
  const label = t(scope === "mine" ? "lists.search.mine" : "lists.search.all");
  return (
    <div class="toolbar" role="search">
      <div class="tool tool-search">
        <Icon name="search" />
        <input type="search" maxLength={100} aria-label={label} placeholder={label} autoComplete="off" value={text}
          onInput={(event) => type(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === "Enter") ask(text); }} />
      </div>
      <StateFilter {...props} />
      <SortChoice {...props} />
      {scope !== "waiting" && <Csv {...props} />}
    </div>
  );
}
