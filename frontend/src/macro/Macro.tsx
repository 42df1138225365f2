/** Locked attachments inside a page's text: small, quiet, and still while nobody sees them. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Client } from "../api";
import type { Host, HostContext } from "../host";
import { liveRefresh } from "../lists/liveRefresh";
import { listRefreshDelay } from "../lists/refreshDelay";
import { useMinutes } from "../lists/useLockList";
import { titleOf } from "../lists/titleOf";
import { Notices } from "../notices/Notices";
import type { NoticeStore } from "../notices/store";
import { leftWords, unprotectedWords } from "../page/lockWords";
import { problemOf, problemWords, type Problem } from "../problems";
import { Icon } from "../ui/Icon";
import { nameOf, type Voice } from "../voice";
import { choiceOf, type Column, type MacroChoice } from "./parameters";
import { sourceOf, type MacroRow, type MacroRows } from "./source";

interface Props {
  readonly host: Pick<Host, "ready">;
  readonly client: Client;
  readonly context: HostContext;
  readonly voice: Voice;
  readonly notices: NoticeStore;
}

/** Return whether any part of the frame is in the browser's window. */
function useVisible() {
  const root = useRef<HTMLElement>(null);
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    if (root.current === null) return undefined;
    const watcher = new IntersectionObserver((entries) => setVisible(entries.at(-1)?.isIntersecting ?? false));
    watcher.observe(root.current);
    return () => watcher.disconnect();
  }, []);
  return { root, visible };
}

interface Read {
  readonly found: MacroRows | null;
  readonly at: number;
  readonly problem: Problem | null;
  readonly failures: number;
}

const now = (): number => performance.now();

/** What comes back into view is read again only when it is older. */
const FRESH_MS = 30_000;

/** Ask once, and again only while the frame is seen. */
function useRows({ client, context, host }: Props, choice: MacroChoice, visible: boolean): Read & { readonly again: () => void } {
  const source = useMemo(() => sourceOf(client, context, choice), []);
  const [state, setState] = useState<Read>({ found: null, at: 0, problem: null, failures: 0 });
  const latest = useRef(state);
  latest.current = state;
  const readAt = useRef(0);
  const read = async (): Promise<void> => {
    readAt.current = now();
    try {
      const found = await source();
      setState((before) => ({ found: found ?? before.found, at: found === null ? before.at : now(), problem: null, failures: 0 }));
    } catch (error) {
      setState((before) => ({ ...before, problem: problemOf(error), failures: before.failures + 1 }));
    }
  };
  useEffect(() => { void read().then(() => host.ready()); }, []);
  const asked = state.found !== null || state.problem !== null;
  useEffect(() => {
    if (!visible || !asked) return undefined;
    return liveRefresh({
      refresh: async () => {
        if (now() - readAt.current >= FRESH_MS) await read();
      },
      delay: (presence) => {
        const { found, failures, problem } = latest.current;
        if (problem?.code === "forbidden") return null;
        return listRefreshDelay({ rows: found?.rows.length ?? 0, failures, retryAfter: problem?.retryAfter ?? null, ...presence });
      },
      now,
    }, document);
  }, [visible, asked]);
  return { ...state, again: () => { void read(); } };
}

function Cell({ column, row, voice, age }: { readonly column: Column; readonly row: MacroRow; readonly voice: Voice; readonly age: number }) {
  const { t, formats } = voice;
  const { lock } = row;
  const title = titleOf(row.title, t);
  switch (column) {
    case "file":
      return row.open === null || row.open === "" ? <span class="subtle">{title}</span>
        : <a href={row.open} target="_blank" rel="noopener noreferrer" aria-label={t("lists.open", { title })}>{title}</a>;
    case "page":
      return <>{row.pageTitle}</>;
    case "owner":
      return <>{lock.state === "mine" ? t("person.you") : nameOf(lock.holder, t)}</>;
    case "since":
      return lock.since === null ? null : <time dateTime={lock.since} title={formats.full(lock.since)}>{formats.moment(lock.since)}</time>;
    case "ends":
      return <span title={lock.expiresAt === null ? undefined : formats.full(lock.expiresAt)}>{leftWords(lock, age, voice)}</span>;
    case "state":
      return <Protected row={row} voice={voice} />;
    case "note":
      return <>{lock.note}</>;
  }
}

function Protected({ row: { lock }, voice }: { readonly row: MacroRow; readonly voice: Voice }) {
  const { t } = voice;
  if (lock.protection === "restoring") return <span class="macro-state"><Icon name="undo" />{t("protection.restoring")}</span>;
  if (lock.protection === "unprotected") {
    return <span class="macro-state warning"><Icon name="warning" /><span>{t("protection.unprotected")}: {unprotectedWords(lock, voice)}</span></span>;
  }
  return <span class="macro-state"><Icon name="locked" />{t("macro.protected")}</span>;
}

function Table({ found, choice, voice, at }: { readonly found: MacroRows; readonly choice: MacroChoice; readonly voice: Voice; readonly at: number }) {
  const { t } = voice;
  const age = Math.max(0, useMinutes() - at) / 1000;
  return (
    <div class="macro-scroll">
      <table class="macro-table" aria-label={t(`macro.title.${choice.scope}`)}>
        <thead><tr>{choice.columns.map((column) => <th key={column} scope="col">{t(`macro.column.${column}`)}</th>)}</tr></thead>
        <tbody>
          {found.rows.map((row) => (
            <tr key={row.id}>
              {choice.columns.map((column) => column === "file"
                ? <th key={column} scope="row"><Cell {...{ column, row, voice, age }} /></th>
                : <td key={column} data-label={t(`macro.column.${column}`)}><Cell {...{ column, row, voice, age }} /></td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function More({ more, voice: { t } }: { readonly more: number | null; readonly voice: Voice }) {
  if (more === 0) return null;
  return <p class="macro-line">{more === null ? t("macro.moreUnknown") : t("macro.more", { count: more })}</p>;
}

function Line({ text, onRetry, voice: { t } }: { readonly text: string; readonly onRetry?: () => void; readonly voice: Voice }) {
  return (
    <p class="macro-line" role="status">
      <Icon name={onRetry === undefined ? "free" : "warning"} /><span>{text}</span>
      {onRetry !== undefined && <button type="button" class="button link" onClick={onRetry}>{t("failed.retry")}</button>}
    </p>
  );
}

function Content({ read, choice, voice }: { readonly read: ReturnType<typeof useRows>; readonly choice: MacroChoice; readonly voice: Voice }) {
  const { t } = voice;
  const { found, problem, at, again } = read;
  if (problem?.code === "forbidden" && choice.scope === "space") return <Line text={t("macro.forbidden")} voice={voice} />;
  if (found === null) {
    return problem === null ? <Line text={t("macro.loading")} voice={voice} /> : <Line text={problemWords(problem, t)} onRetry={again} voice={voice} />;
  }
  if (!found.active) return <Line text={t("macro.inactive")} voice={voice} />;
  if (found.rows.length === 0) return <Line text={t(`macro.empty.${choice.scope}`)} voice={voice} />;
  return (
    <>
      <Table {...{ found, choice, voice, at }} />
      <More more={found.more} voice={voice} />
      {problem !== null && <Line text={problemWords(problem, t)} onRetry={again} voice={voice} />}
    </>
  );
}

export function Macro(props: Props) {
  const { context, voice, notices } = props;
  const { root, visible } = useVisible();
  const choice = useMemo(() => choiceOf(context.parameters), []);
  const read = useRows(props, choice, visible);
  return (
    <main class="macro" ref={root} aria-label={voice.t(`macro.title.${choice.scope}`)}>
      <Content read={read} choice={choice} voice={voice} />
      <Notices store={notices} voice={voice} paused={!visible} />
    </main>
  );
}

export function GuestMacro({ voice }: { readonly voice: Voice }) {
  return <main class="macro"><Line text={voice.t("macro.guest")} voice={voice} /></main>;
}
