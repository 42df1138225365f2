/** A labelled control with a hint, or with what is wrong in its place; and how a form in a row takes and gives back the keyboard. */
import type { ComponentChild } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly error?: string | null;
  readonly children: (ids: { readonly id: string; readonly "aria-describedby": string }) => ComponentChild;
}

export function Field({ label, hint = "", error = null, children }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": `${id}-hint` })}
      <p id={`${id}-hint`} class={error === null ? "hint" : "hint wrong"}>{error ?? hint}</p>
    </div>
  );
}

/** Show an opened form in full and move the focus into it; Escape closes the form and leaves what is around it open. */
export function useFormKeys(onCancel: () => void) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    form.current?.scrollIntoView({ block: "nearest" });
    form.current?.querySelector<HTMLElement>("input:checked, input, textarea, select")?.focus({ preventScroll: true });
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault();
    onCancel();
  };
  return { form, onKeyDown };
}
