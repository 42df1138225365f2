/** Parts of health that "Get started" shows, too. */
import type { ComponentChildren } from "preact";
import { problemWords, type Problem } from "../problems";
import type { Translate } from "../messages";
import { Icon } from "../ui/Icon";
import type { Voice } from "../voice";
import type { SelfTest } from "../api";
import { undoing } from "./rules";
import type { Act } from "./useAct";
import type { SelfTestAct } from "./useSelfTest";

const LOOKS = { good: ["success", "done"], bad: ["danger", "warning"], warning: ["warning", "warning"], info: ["", "info"] } as const;
export type Look = keyof typeof LOOKS;

export function Finding({ look, children }: { readonly look: Look; readonly children: ComponentChildren }) {
  const [name, icon] = LOOKS[look];
  return <div class={`notice ${name}`}><Icon name={icon} /><div class="finding">{children}</div></div>;
}

/** The result of a click, read out. */
export function Result({ act, done, t, failed }: {
  readonly act: Pick<Act<never>, "state" | "problem">;
  readonly done: string;
  readonly t: Translate;
  readonly failed?: (problem: Problem) => string;
}) {
  const { state, problem } = act;
  const words = problem === null ? "" : failed?.(problem) ?? t("health.remedy.failed", { reason: problemWords(problem, t) });
  return (
    <p class={state === "failed" ? "hint wrong" : "hint"} role="status">
      {state === "working" ? t("health.remedy.working") : state === "done" ? done : words}
    </p>
  );
}

/** How uploads are undone here, with the test that says so, and copy mode in one click where it is needed. */
export function UndoingHere({ test, copyMode, run, copy, voice: { t, formats } }: {
  readonly test: SelfTest;
  readonly copyMode: boolean;
  readonly run: SelfTestAct;
  readonly copy: Act<[]>;
  readonly voice: Voice;
}) {
  const way = undoing(test.result, copyMode);
  const look = ({ works: "good", copy: "good", refused: "bad", unknown: "info" } as const)[way];
  return (
    <>
      <Finding look={look}>
        <p>{t(`health.test.${way}`)}</p>
        {test.at !== null && <p class="hint">{t("health.test.at", { time: formats.moment(test.at) })}</p>}
      </Finding>
      <div class="buttons">
        {way === "refused" && <button type="button" class="button" aria-disabled={copy.state === "working"} onClick={() => copy.run()}>{t("health.remedy.copy")}</button>}
        <button type="button" class="button" aria-disabled={run.state === "working"} onClick={() => run.run()}>
          {t(test.at === null ? "health.test.run" : "health.test.again")}
        </button>
      </div>
      {run.state === "working" ? <p class="hint" role="status">{t("health.test.running")}</p> : <Result act={run} done={run.rest > 0 ? t("health.test.soon", { count: run.rest }) : t("health.test.ran")} t={t} />}
      <Result act={copy} done={t("health.remedy.copy.done")} t={t} />
    </>
  );
}
