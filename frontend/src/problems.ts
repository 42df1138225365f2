/** Why something failed, as data and in words. */
import { ApiError, NetworkError, type LockView } from "./api";
import type { Translate } from "./messages";

/** Why something failed, as data. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly lock: LockView | null;
  readonly retryAfter: number | null;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) {
    return { code: error.code, message: error.message, lock: error.lock, retryAfter: error.retryAfter };
  }
  const code = error instanceof NetworkError ? "offline" : "unexpected";
  return { code, message: "", lock: null, retryAfter: null };
}

const LONG_WAIT = 60;

/** Return why nothing can be done now, and for how long: up to an hour is no moment. */
function waitWords(problem: Problem, t: Translate): string {
  const seconds = problem.retryAfter ?? 5;
  const minutes = String(Math.ceil(seconds / 60));
  if (problem.code === "too_many_requests") return t("problem.too_many_requests", { minutes });
  return seconds > LONG_WAIT ? t("problem.used_up", { minutes }) : t("problem.busy", { seconds: String(seconds) });
}

/** Return a problem in words that is not about one file. */
export function problemWords(problem: Problem, t: Translate): string {
  switch (problem.code) {
    case "forbidden":
    case "unlicensed":
    case "inactive":
    case "newer_settings":
    case "unauthorized":
    case "too_many":
    case "offline":
      return t(`problem.${problem.code}`);
    case "busy":
    case "too_many_requests":
    case "too_slow":
      return waitWords(problem, t);
    case "not_found":
      return t("problem.page_gone");
    case "invalid_request":
    case "request_id_reused":
    case "unsupported_media_type":
      return t("problem.invalid", { message: problem.message });
    default:
      return t("problem.unexpected");
  }
}
