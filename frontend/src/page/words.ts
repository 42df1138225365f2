/** Sentences about what happened in the dialog: news, results, refusals. */
import type { MessageKey, Translate } from "../messages";
import { problemWords, type Problem } from "../problems";
import { nameOf, type Voice } from "../voice";
import type { Notice } from "./news";
import type { Outcome } from "./store";

export function noticeWords(notice: Notice, { t, formats }: Voice): string {
  const { title, ended } = notice;
  if (notice.kind === "free") return t("notice.free", { title });
  if (ended === null) return t("notice.lost.other", { title });
  const time = formats.moment(ended.at);
  const why = ended.why === null || ended.why === "" ? "" : ` ${t("ended.why", { why: ended.why })}`;
  switch (ended.reason) {
    case "broken":
    case "taken_over":
    case "handed_over":
      return t(`notice.lost.${ended.reason}`, { title, name: nameOf(ended.by, t), time }) + why;
    case "expired":
      return t("notice.lost.expired", { title, time });
    default:
      return t("notice.lost.other", { title });
  }
}

const DONE = {
  lock: "done.locked",
  unlock: "done.unlocked",
  extend: "done.extended",
  break: "done.broken",
  takeOver: "done.takenOver",
  request: "done.request",
  cancelRequest: "done.cancelRequest",
  decline: "done.decline",
  handOver: "done.handOver",
  notify: "done.notify",
  cancelNotify: "done.notifyCancelled",
  giveAccess: "done.access",
} as const satisfies Record<Outcome["kind"], MessageKey>;

export function outcomeWords({ kind, title, headMoved }: Outcome, t: Translate): string {
  const done = t(DONE[kind], { title });
  return headMoved ? `${done} ${t("warning.head_moved", { title })}` : done;
}

/** Return why the app could not be given access, and what to do by hand where the server refused. */
export function accessProblemWords(problem: Problem, t: Translate): string {
  const refused = problem.code === "app_blocked" || problem.code === "forbidden";
  return refused ? t("access.byHand") : problemWords(problem, t);
}
