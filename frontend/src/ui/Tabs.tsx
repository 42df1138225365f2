/** The parts of a screen. Only the open one is mounted, so only it is loaded; arrow keys move along the tabs, Enter opens. */
import { useCallback, useEffect, useId, useRef, useState } from "preact/hooks";
import type { ListedState } from "../api";
import { Confirm } from "./Confirm";
import { OpenTab } from "./openTab";
import type { Panel, PanelProps } from "./panel";
import { Unsaved } from "./unsaved";

const STEPS: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowRight: (at, count) => (at + 1) % count,
  ArrowLeft: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** A tab to open, and the state of the locks to show there first. */
interface Opening {
  readonly panel: Panel;
  readonly filter: ListedState | null;
}

/** Return what opens a tab, and the tab that waits for an answer because the open one has unsaved changes. */
function useTabs(panels: readonly Panel[], first: string | null) {
  const start = panels.find(({ key }) => key === first) ?? panels[0];
  const [open, setOpen] = useState<Opening | undefined>(start && { panel: start, filter: null });
  const [wanted, setWanted] = useState<Opening | null>(null);
  const unsaved = useRef(false);
  const tell = useCallback((now: boolean) => {
    unsaved.current = now;
  }, []);
  const choose = (panel: Panel, filter: ListedState | null = null): void => {
    if (panel === open?.panel) return;
    if (unsaved.current) setWanted({ panel, filter });
    else setOpen({ panel, filter });
  };
  const byKey = (key: string, filter: ListedState | null): void => {
    const panel = panels.find((one) => one.key === key);
    if (panel !== undefined) choose(panel, filter);
  };
  const leave = (): void => {
    if (wanted !== null) setOpen(wanted);
    setWanted(null);
  };
  return { open, wanted, tell, choose, byKey, leave, stay: () => setWanted(null) };
}

function TabList({ panels, open, id, label, place, onChoose }: {
  readonly panels: readonly Panel[];
  readonly open: Panel;
  readonly id: string;
  readonly label: string;
  readonly place: PanelProps;
  readonly onChoose: (panel: Panel) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const { t } = place.voice;
  useEffect(() => {
    // A narrow frame cuts the list off.
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [open]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    const tabs = [...(list.current?.querySelectorAll<HTMLElement>("[role=tab]") ?? [])];
    const at = tabs.findIndex((tab) => tab === document.activeElement);
    if (step === undefined || at < 0) return;
    event.preventDefault();
    tabs[step(at, tabs.length)]?.focus();
  };
  return (
    <div ref={list} class="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {panels.map((panel) => (
        <button key={panel.key} type="button" role="tab" class="tab" id={`${id}-${panel.key}`} data-tab={panel.key}
          aria-selected={panel === open} aria-controls={panel === open ? `${id}-panel` : undefined}
          tabIndex={panel === open ? 0 : -1} onClick={() => onChoose(panel)}>
          {t(panel.title)}
        </button>
      ))}
    </div>
  );
}

export function Tabs({ panels, label, place }: {
  readonly panels: readonly Panel[];
  readonly label: string;
  readonly place: PanelProps;
}) {
  const id = useId();
  const { open: opened, wanted, tell, choose, byKey, leave, stay } = useTabs(panels, place.context.tab);
  if (opened === undefined) return null;
  const { t } = place.voice;
  const { panel: open, filter } = opened;
  const { Content } = open;
  return (
    <>
      <TabList {...{ panels, open, id, label, place }} onChoose={choose} />
      <div key={open.key} role="tabpanel" class="tab-panel" id={`${id}-panel`} aria-labelledby={`${id}-${open.key}`}>
        <OpenTab.Provider value={byKey}>
          <Unsaved.Provider value={tell}><Content {...place} filter={filter} /></Unsaved.Provider>
        </OpenTab.Provider>
      </div>
      {wanted !== null && (
        <Confirm title={t("unsaved.title")} text={t("unsaved.text")} yes={t("unsaved.leave")} no={t("unsaved.stay")}
          onYes={leave} onNo={stay} />
      )}
    </>
  );
}
