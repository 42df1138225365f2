/** The preview of a text: asked for when the typing pauses; an answer to an older text is dropped. */
import { useEffect, useState } from "preact/hooks";
import { ApiError, type Preview, type TemplatesApi, type Trial } from "../api";
import { problemOf, type Problem } from "../problems";
import { wrongPlaces, type Place } from "./places";

export const PAUSE_MS = 400;

export interface Previewed {
  readonly shown: Preview | null;
  readonly loading: boolean;
  readonly problem: Problem | null;
}

export function usePreview(api: TemplatesApi, { language, mail, subject, body }: Trial, onWrong: (places: readonly Place[]) => void): Previewed {
  const [state, setState] = useState<Previewed>({ shown: null, loading: true, problem: null });
  useEffect(() => {
    let current = true;
    setState((now) => ({ ...now, loading: true }));
    const ask = async (): Promise<void> => {
      try {
        const shown = await api.preview({ language, mail, subject, body });
        if (!current) return;
        onWrong([]);
        setState({ shown, loading: false, problem: null });
      } catch (error) {
        if (!current) return;
        onWrong(error instanceof ApiError ? wrongPlaces(error.details) : []);
        setState((now) => ({ ...now, loading: false, problem: problemOf(error) }));
      }
    };
    const timer = setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [api, language, mail, subject, body, onWrong]);
  return state;
}
