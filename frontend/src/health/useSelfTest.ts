/** The self-test by a click. Soon after the last one the server answers with that one's result, which must not pass for a new one. */
import { useRef, useState } from "preact/hooks";
import { healthApi, type Client, type SelfTest } from "../api";
import { useAct, type Act } from "./useAct";

export interface SelfTestAct extends Act<[]> {
  /** Seconds until it may run again; 0 where it has just run. */
  readonly rest: number;
}

export function useSelfTest(client: Client, before: SelfTest | null, onDone: () => void): SelfTestAct {
  const [rest, setRest] = useState(0);
  const answered = useRef<string | null>(null);
  const act = useAct(async () => {
    const { at, secondsUntilNext } = await healthApi(client).runSelfTest();
    const isOld = at === (before?.at ?? null) || at === answered.current;
    answered.current = at;
    setRest(isOld ? secondsUntilNext : 0);
  }, onDone);
  return { ...act, rest };
}
