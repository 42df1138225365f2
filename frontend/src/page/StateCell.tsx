/** The state of one file: badge, protection, note, and how the last lock ended. */
import type { LockView } from "../api";
import { Icon, type IconName } from "../ui/Icon";
import { isHeld } from "./rows";
import type { Voice } from "../voice";
import { endedWords, stateWords, unprotectedWords } from "./words";

const ICONS: Readonly<Record<LockView["state"], IconName>> = {
  free: "free",
  mine: "mine",
  other: "locked",
  ending: "ending",
  unreadable: "warning",
};

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

export function StateCell({ lock, voice }: { readonly lock: LockView; readonly voice: Voice }) {
  const { t } = voice;
  return (
    <>
      <span class={`badge badge-${lock.state}`}>
        <Icon name={ICONS[lock.state]} />
        {stateWords(lock, t)}
      </span>
      <ProtectionLine lock={lock} voice={voice} />
      {lock.state === "ending" && <p class="subtle">{t("state.ending.hint")}</p>}
      {lock.state === "unreadable" && <p class="subtle">{t("state.unreadable.hint")}</p>}
      {lock.note !== null && lock.note !== "" && (
        <p class="note"><span class="quiet">{t("lock.note")}:</span> {lock.note}</p>
      )}
      {isHeld(lock) && lock.unlockOnUpload && <p class="subtle">{t("lock.unlockOnUpload")}</p>}
      {lock.lastEnded !== null && <p class="subtle ended">{endedWords(lock.lastEnded, voice)}</p>}
    </>
  );
}
