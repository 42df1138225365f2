/** A part of a screen whose code is loaded when it is first shown. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { learn } from "../messages";
import { problemOf, type Problem } from "../problems";
import type { PanelProps } from "./panel";
import { Failed, Loading } from "./States";

export function lazy(load: () => Promise<ComponentType<PanelProps>>): ComponentType<PanelProps> {
  let loaded: ComponentType<PanelProps> | null = null;
  return function Lazy(props: PanelProps) {
    const [Part, setPart] = useState<ComponentType<PanelProps> | null>(() => loaded);
    const [problem, setProblem] = useState<Problem | null>(null);
    const ask = (): void => {
      setProblem(null);
      load().then(async (found) => {
        await learn(props.voice.locale);
        loaded = found;
        setPart(() => found);
      }, (error: unknown) => setProblem(problemOf(error)));
    };
    useEffect(() => {
      if (loaded === null) ask();
    }, []);
    const { t } = props.voice;
    if (Part !== null) return <Part {...props} />;
    return problem === null ? <Loading text={t("part.loading")} /> : <Failed title={t("part.failed")} problem={problem} t={t} onRetry={ask} />;
  };
}
