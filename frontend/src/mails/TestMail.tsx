/** Sends the text, as it is in the editor, to who writes it. */
import { useState } from "preact/hooks";
import type { TemplatesApi, Trial } from "../api";
import { problemOf, problemWords, type Problem } from "../problems";
import type { Translate } from "../messages";
import { Icon } from "../ui/Icon";

type Outcome = "idle" | "sending" | "sent" | Problem;

export function testWords(outcome: Outcome, t: Translate): string {
  if (outcome === "idle") return "";
  if (outcome === "sending") return t("mails.test.sending");
  if (outcome === "sent") return t("mails.test.sent");
  switch (outcome.code) {
    case "too_many_requests": return t("mails.test.tooMany", { minutes: Math.ceil((outcome.retryAfter ?? 60) / 60) });
    case "invalid_request": return t("mails.test.unreachable");
    case "busy": return t("mails.test.away");
    default: return problemWords(outcome, t);
  }
}

export function TestMail({ api, trial, disabled, t, onSent }: {
  readonly api: TemplatesApi;
  readonly trial: Trial;
  readonly disabled: boolean;
  readonly t: Translate;
  readonly onSent?: () => void;
}) {
  const [outcome, setOutcome] = useState<Outcome>("idle");
  const send = (): void => {
    if (outcome === "sending" || disabled) return;
    setOutcome("sending");
    api.test(trial).then(() => {
      setOutcome("sent");
      onSent?.();
    }, (error: unknown) => setOutcome(problemOf(error)));
  };
  const bad = typeof outcome === "object";
  return (
    <div class="test-mail">
      <button type="button" class="button" aria-disabled={disabled || outcome === "sending"} onClick={send}>{t("mails.test")}</button>
      <p class={bad ? "hint wrong" : "hint"} role="status">{bad && <Icon name="warning" />}{testWords(outcome, t)}</p>
    </div>
  );
}
