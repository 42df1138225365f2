/** What a screen shows instead of its content: loading, a failure, nothing to show. */
import type { ComponentChildren } from "preact";
import type { Translate } from "../messages";
import { problemWords, type Problem } from "../problems";
import { Icon } from "./Icon";

export function Loading({ text }: { readonly text: string }) {
  return (
    <div class="blank" role="status">
      <span class="spinner" aria-hidden="true" />
      <p>{text}</p>
    </div>
  );
}

export function Failed({ title, problem, t, onRetry }: {
  readonly title: string;
  readonly problem: Problem | null;
  readonly t: Translate;
  readonly onRetry: () => void;
}) {
  return (
    <div class="blank" role="alert">
      <Icon name="warning" />
      <h2>{title}</h2>
      {problem !== null && <p>{problemWords(problem, t)}</p>}
      <button type="button" class="button primary" onClick={onRetry}>{t("failed.retry")}</button>
    </div>
  );
}

export function Blank({ title, hint, children }: {
  readonly title: string;
  readonly hint: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="blank">
      <h2>{title}</h2>
      <p>{hint}</p>
      {children}
    </div>
  );
}
