/** Changes that would be lost: whoever leaves is asked first. */
import { createContext } from "preact";
import { useContext, useEffect } from "preact/hooks";

/** Told by a form whether it has changes; what surrounds the form asks before it takes the form away. */
export const Unsaved = createContext<(unsaved: boolean) => void>(() => undefined);

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** Have the viewer asked before a form with changes goes: another tab is opened, or the page left. */
export function useUnsaved(unsaved: boolean): void {
  const tell = useContext(Unsaved);
  useEffect(() => {
    tell(unsaved);
    if (!unsaved) return undefined;
    addEventListener("beforeunload", ask);
    return () => {
      removeEventListener("beforeunload", ask);
      tell(false);
    };
  }, [tell, unsaved]);
}
