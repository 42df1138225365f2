/** A question before something is lost. The safe answer comes first and so has the focus; Escape gives it, too. */
import { useEffect, useId, useRef } from "preact/hooks";

export function Confirm({ title, text, yes, no, onYes, onNo }: {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly no: string;
  readonly onYes: () => void;
  readonly onNo: () => void;
}) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby={`${id}-title`} aria-describedby={`${id}-text`}
      onCancel={(event) => { event.preventDefault(); onNo(); }}>
      <h2 id={`${id}-title`}>{title}</h2>
      <p id={`${id}-text`}>{text}</p>
      <div class="buttons">
        <button type="button" class="button primary" onClick={onNo}>{no}</button>
        <button type="button" class="button plain" onClick={onYes}>{yes}</button>
      </div>
    </dialog>
  );
}
