/** Notices below any screen: one opened, the others behind a count; a live region reads each out once. */
import { useEffect, useState } from "preact/hooks";
import type { OwnNotice } from "../api";
import { liveRefresh } from "../lists/liveRefresh";
import { Icon } from "../ui/Icon";
import type { Voice } from "../voice";
import { pollDelay, type NoticeStore } from "./store";
import { noticeWords } from "./words";

const SHOWN_AT_ONCE = 2;

interface Props {
  readonly store: NoticeStore;
  readonly voice: Voice;
  /** Whether nobody sees the screen now, though the page is open. */
  readonly paused?: boolean;
}

function Flag({ notice, voice, onDismiss }: { readonly notice: OwnNotice; readonly voice: Voice; readonly onDismiss: () => void }) {
  const words = noticeWords(notice, voice);
  if (words === null) return null;
  const { t, formats } = voice;
  return (
    <li class={`flag flag-${words.tone}`} data-notice={notice.id}>
      <Icon name={words.icon} />
      <div>
        <strong>{words.title}</strong>
        <p>{words.text}</p>
        <p class="flag-foot">
          <time dateTime={notice.at}>{formats.moment(notice.at)}</time>
          {notice.open !== null && notice.title !== null && (
            <a href={notice.open} target="_blank" rel="noopener noreferrer" aria-label={t("notices.open.label", { title: notice.title })}>
              {t("notices.open", { title: notice.title })}
            </a>
          )}
        </p>
      </div>
      <button type="button" class="button plain icon-only" aria-label={t("notice.dismiss")} onClick={onDismiss}><Icon name="close" /></button>
    </li>
  );
}

function Rest({ count, voice: { t }, onAll, onDismiss }: {
  readonly count: number;
  readonly voice: Voice;
  readonly onAll: () => void;
  readonly onDismiss: () => void;
}) {
  return (
    <div class="flag-rest">
      <button type="button" class="button small" onClick={onAll}>{t("notices.more", { count })}</button>
      <button type="button" class="button small plain" onClick={onDismiss}>{t("notices.dismissAll")}</button>
    </div>
  );
}

function useNotices(store: NoticeStore, paused: boolean) {
  const [state, setState] = useState(store.get);
  useEffect(() => store.subscribe(() => setState(store.get())), [store]);
  useEffect(() => {
    if (paused) return undefined;
    const delay = ({ hidden }: { readonly hidden: boolean }): number | null => pollDelay(hidden, store.get().failures);
    return liveRefresh({ refresh: () => store.poll(), delay, now: () => performance.now() }, document);
  }, [store, paused]);
  return state;
}

export function Notices({ store, voice, paused = false }: Props) {
  const { shown } = useNotices(store, paused);
  const [all, setAll] = useState(false);
  const { t } = voice;
  const known = shown.filter((notice) => noticeWords(notice, voice) !== null);
  const visible = all ? known : known.slice(0, SHOWN_AT_ONCE);
  const dismissAll = (): void => {
    setAll(false);
    store.dismissAll();
  };
  return (
    <section class="flags" aria-label={t("notices.label")}>
      <div role="status" aria-live="polite">
        <ul>{visible.map((notice) => <Flag key={notice.id} notice={notice} voice={voice} onDismiss={() => store.dismiss(notice.id)} />)}</ul>
      </div>
      {known.length > visible.length && <Rest count={known.length - visible.length} voice={voice} onAll={() => setAll(true)} onDismiss={dismissAll} />}
    </section>
  );
}
