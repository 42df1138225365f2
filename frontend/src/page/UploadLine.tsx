/** Where a new version of one file stands, and what to do next. */
import { useEffect, useState } from "preact/hooks";
import type { Attachment } from "../api";
import { Icon, type IconName } from "../ui/Icon";
import type { Voice } from "../voice";
import type { Upload } from "./uploads";
import { uploadWords } from "./uploadWords";

interface Props {
  readonly row: Attachment;
  readonly upload: Upload;
  readonly voice: Voice;
  readonly working: boolean;
  readonly now: () => number;
  readonly onSend: (file: File) => void;
  readonly onUnlock: () => void;
  readonly onDismiss: () => void;
}

const LOOKS: Readonly<Record<Upload["step"], readonly [look: string, icon: IconName]>> = {
  refused: ["warning", "warning"],
  confirm: ["warning", "warning"],
  checking: ["", "upload"],
  sending: ["", "upload"],
  unchecked: ["danger", "warning"],
  failed: ["danger", "warning"],
  sent: ["success", "done"],
};
const SECOND_MS = 1_000;

/** Neither bridge tells how much has been sent: the bar only moves, and the time counts. */
function Elapsed({ since, now, voice: { t, formats } }: { readonly since: number; readonly now: () => number; readonly voice: Voice }) {
  const [moment, setMoment] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setMoment(now()), SECOND_MS);
    return () => clearInterval(timer);
  }, [now]);
  const seconds = Math.max(0, Math.round((moment - since) / SECOND_MS));
  return <span class="elapsed" aria-hidden="true">{t("upload.elapsed", { seconds: formats.number(seconds) })}</span>;
}

function Next({ row: { lock, title }, upload, voice: { t }, working, onSend, onUnlock, onDismiss }: Props) {
  if (upload.step === "confirm") {
    return (
      <span class="buttons">
        <button type="button" class="button" onClick={() => onSend(upload.file)}>{t("upload.confirm.yes")}</button>
        <button type="button" class="button plain" onClick={onDismiss}>{t("form.cancel")}</button>
      </span>
    );
  }
  if (upload.step === "failed" || upload.step === "unchecked") {
    return <button type="button" class="button" onClick={() => onSend(upload.file)}>{t("upload.retry")}</button>;
  }
  if (upload.step !== "sent" || lock.state !== "mine" || lock.lockId !== upload.lockId || upload.endsItself) return null;
  return (
    <span class="buttons">
      <button type="button" class="button" aria-disabled={working} aria-label={t("upload.sent.unlock.label", { title })}
        onClick={() => { if (!working) onUnlock(); }}>{t("upload.sent.unlock.yes")}</button>
      <button type="button" class="button plain" onClick={onDismiss}>{t("upload.sent.unlock.no")}</button>
    </span>
  );
}

/** Return what became of the lock by the upload. */
function afterwards({ row: { lock }, upload, voice: { t } }: Props): string {
  if (upload.step !== "sent") return "";
  if (lock.state !== "mine" || lock.lockId !== upload.lockId) return t("upload.sent.ended");
  return t(upload.endsItself ? "upload.sent.ends" : "upload.sent.unlock");
}

export function UploadLine(props: Props) {
  const { row, upload, voice, now, onDismiss } = props;
  const [look, icon] = LOOKS[upload.step];
  const words = uploadWords(row, upload, voice);
  const moving = upload.step === "checking" || upload.step === "sending";
  const asks = upload.step === "confirm";
  return (
    <div class={`upload ${look}`} role={look === "danger" ? "alert" : "status"} data-upload={upload.step}>
      <Icon name={icon} />
      <span class="upload-words">{words} {afterwards(props)}</span>
      {upload.step === "sending" && <Elapsed since={upload.since} now={now} voice={voice} />}
      {moving ? <progress aria-label={words} /> : <Next {...props} />}
      {!moving && !asks && (
        <button type="button" class="button plain icon-only" aria-label={voice.t("notice.dismiss")} onClick={onDismiss}><Icon name="close" /></button>
      )}
    </div>
  );
}
