/** Sentences about what the server refused for one file. */
import { problemWords, type Problem } from "../problems";
import { nameOf, type Voice } from "../voice";
import { endedWords } from "./lockWords";

function winnerWords(title: string, { lock }: Problem, { t, formats }: Voice): string {
  if (lock === null || lock.since === null) return t("problem.already_locked.plain", { title });
  const since = t("lock.since", { time: formats.moment(lock.since) });
  return t("problem.already_locked", { title, name: nameOf(lock.holder, t), since });
}

function lostWords(title: string, { lock }: Problem, voice: Voice): string {
  const ended = lock?.lastEnded ?? null;
  return ended === null ? voice.t("problem.lock_lost", { title }) : voice.t("problem.lock_lost.how", { title, ended: endedWords(ended, voice) });
}

/** Return a refused action in words, with the new holder where the server names one; `title` is what the file is called on the screen. */
export function rowProblemWords(title: string, problem: Problem, voice: Voice): string {
  switch (problem.code) {
    case "already_locked":
      return winnerWords(title, problem, voice);
    case "lock_lost":
      return lostWords(title, problem, voice);
    case "ending":
    case "out_of_date":
    case "app_blocked":
    case "in_progress":
    case "not_found":
      return voice.t(`problem.${problem.code}`, { title });
    default:
      return problemWords(problem, voice.t);
  }
}
