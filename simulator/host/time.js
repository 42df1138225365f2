/** The time of this Confluence and of the app, which move together: to see warnings, and locks end. */
import { button, el, when } from "./dom.js";
import { attempt, flag } from "./flags.js";
import { get, post } from "./server.js";

const REFRESH_MS = 2500;
const HOUR = 3600;
/** Half a minute after its end a lock of the app is free: an hour's lock is to be over after an hour. */
const SPARE = 31;

/** Returns null where the app has a clock of its own. */
export function timeControl(clock) {
  if (clock.aheadSeconds === null) return null;
  const shown = el("span");
  const mover = (text, name, by) => button(text, () => attempt("Moving the time", () => move(by)), { look: "quiet", "data-move": name });
  const back = mover("Back to now", "back", { aheadSeconds: 0 });

  function show({ now, aheadSeconds }) {
    shown.replaceChildren(when(now));
    back.hidden = aheadSeconds === 0;
  }

  async function move(by) {
    const moved = await post("/_sim/time", by);
    show(moved);
    const body = moved.aheadSeconds === 0 ? "The app starts again." : "Warnings and the ends of locks follow within seconds.";
    flag({ title: `It is ${when(moved.now).textContent} now`, body, type: "success" });
  }

  setInterval(() => document.hidden || get("/_sim/clock").then(show, () => {}), REFRESH_MS);
  show(clock);
  return el("div", { class: "time", role: "group", "aria-label": "Time of Confluence and the app" }, shown,
    mover("+1 hour", "hour", { advanceSeconds: HOUR + SPARE }), mover("+1 day", "day", { advanceSeconds: 24 * HOUR + SPARE }), back);
}
