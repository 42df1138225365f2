/** How many rows of a long list to render: one step, and one more each time the end comes near the view. */
import { useEffect, useRef, useState } from "preact/hooks";

/** Rows rendered in one step: few enough for one frame, so that a list of 1,000 opens fast and scrolls evenly. */
export const STEP = 20;
const REACH = "600px";

/** `question` is what the rows answer: with another one the list begins anew. `onEnd` is called near the end of all rows. */
export function useReach<E extends Element>(total: number, question: unknown, onEnd?: () => void) {
  const [reach, setReach] = useState(STEP);
  const [drawn, setDrawn] = useState(question);
  if (drawn !== question) {
    setDrawn(question);
    setReach(STEP);
  }
  const end = useRef<E>(null);
  useEffect(() => {
    const last = end.current;
    if (last === null) return undefined;
    const watcher = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      if (reach < total) setReach(reach + STEP);
      else onEnd?.();
    }, { root: last.closest("[data-scrolls]"), rootMargin: REACH });
    watcher.observe(last);
    return () => watcher.disconnect();
  }, [reach, total, onEnd]);
  return { reach, end };
}
