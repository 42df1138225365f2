/** The state of one file: badge, protection, note, and how the last lock ended. */
import { useState } from "preact/hooks";
import type { LockView } from "../api";
import { Avatar } from "../ui/Avatar";
import { Icon, type IconName } from "../ui/Icon";
import { isHeld } from "./rows";
import type { Voice } from "../voice";
import { endedWords, endingShown, stateWords, unprotectedWords } from "./lockWords";

const ICONS: Readonly<Record<LockView["state"], IconName>> = {
  free: "free",
  mine: "mine",
  other: "locked",
  ending: "ending",
  unreadable: "warning",
};
const SHORT_NOTE = 90;

function ProtectionLine({ lock, voice }: { readonly lock: LockView; readonly voice: Voice }) {
  const { t } = voice;
  if (!isHeld(lock)) return null;
  if (lock.protection === "restoring") {
    return (
      <p class="protection restoring">
        <Icon name="undo" />
        <span><strong>{t("protection.restoring")}</strong> {t("protection.restoring.hint")}</span>
      </p>
    );
  }
  if (lock.protection !== "unprotected") return null;
  return (
    <p class="protection unprotected">
      <Icon name="warning" />
      <span><strong>{t("protection.unprotected")}</strong> {unprotectedWords(lock, voice)}</span>
    </p>
  );
}

/** A long note is folded. */
function Note({ text, voice: { t } }: { readonly text: string; readonly voice: Voice }) {
  const [whole, setWhole] = useState(false);
  const long = text.length > SHORT_NOTE;
  return (
    <p class="note">
      <span class="quiet">{t("lock.note")}:</span> {long && !whole ? `${text.slice(0, SHORT_NOTE).trimEnd()}…` : text}{" "}
      {long && (
        <button type="button" class="button link" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {t(whole ? "lock.note.less" : "lock.note.more")}
        </button>
      )}
    </p>
  );
}

/** Who waits, where the table has no column for it. */
function WaitingLine({ lock: { notifyMe }, voice: { t } }: { readonly lock: LockView; readonly voice: Voice }) {
  if (notifyMe.count === 0) return null;
  return (
    <p class="subtle waiting not-wide"><Icon name="waiting" /><span>
      {t("lock.waiting", { count: notifyMe.count })}
      {notifyMe.asked && notifyMe.position !== null && <> · {t("lock.place", { position: notifyMe.position })}</>}
    </span></p>
  );
}

export function StateCell({ lock, voice }: { readonly lock: LockView; readonly voice: Voice }) {
  const { t } = voice;
  const ended = endingShown(lock);
  return (
    <>
      <span class="state-line">
        {isHeld(lock) && lock.state !== "mine" && <span class="not-wide"><Avatar person={lock.holder} /></span>}
        <span class={`badge badge-${lock.state}`}>
          <Icon name={ICONS[lock.state]} />
          {stateWords(lock, t)}
        </span>
      </span>
      <ProtectionLine lock={lock} voice={voice} />
      {lock.state === "ending" && <p class="subtle">{t("state.ending.hint")}</p>}
      {lock.state === "unreadable" && <p class="subtle">{t("state.unreadable.hint")}</p>}
      {lock.note !== null && lock.note !== "" && <Note text={lock.note} voice={voice} />}
      {isHeld(lock) && lock.unlockOnUpload && <p class="subtle">{t("lock.unlockOnUpload")}</p>}
      <WaitingLine lock={lock} voice={voice} />
      {ended !== null && <p class="subtle ended">{endedWords(ended, voice)}</p>}
    </>
  );
}
