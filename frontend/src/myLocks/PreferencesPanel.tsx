/** Which mails a viewer wants, and in which language and time zone. */
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { meApi, type MeApi, type Preferences } from "../api";
import { problemOf, problemWords, type Problem } from "../problems";
import "../messages/parts/preferences";
import "../styles/me.css";
import { Icon } from "../ui/Icon";
import type { PanelProps } from "../ui/panel";
import { Failed, Loading } from "../ui/States";
import { useUnsaved } from "../ui/unsaved";
import { useResource } from "../ui/useResource";
import type { Voice } from "../voice";
import { changed, languageName, languagesFor, OPTIONAL_MAILS, withMail, zonesFor } from "./preferences";

interface FieldsProps {
  readonly now: Preferences;
  readonly voice: Voice;
  /** The zone of the viewer's profile. */
  readonly zone: string;
  readonly onChange: (now: Preferences) => void;
}

function Mails({ now, voice: { t }, onChange }: FieldsProps) {
  const id = useId();
  return (
    <fieldset class="me-group" aria-describedby={`${id}-hint`}>
      <legend>{t("myLocks.preferences.mails")}</legend>
      <p id={`${id}-hint`} class="hint">{t("myLocks.preferences.mails.hint")}</p>
      {OPTIONAL_MAILS.map((mail) => (
        <label key={mail} class="check">
          <input type="checkbox" checked={now.mails[mail] ?? true}
            onChange={(event) => onChange(withMail(now, mail, event.currentTarget.checked))} />
          {t(`myLocks.mail.${mail}`)}
        </label>
      ))}
    </fieldset>
  );
}

function Restriction({ now, voice: { t }, onChange }: FieldsProps) {
  const id = useId();
  return (
    <fieldset class="me-group">
      <legend>{t("myLocks.preferences.privacy")}</legend>
      <label class="check">
        <input type="checkbox" aria-describedby={`${id}-hint`} checked={now.restricted}
          onChange={(event) => onChange({ ...now, restricted: event.currentTarget.checked })} />
        {t("myLocks.preferences.restricted")}
      </label>
      <p id={`${id}-hint`} class="hint">{t("myLocks.preferences.restricted.hint")}</p>
    </fieldset>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly hint: string;
  readonly profile: string;
  readonly value: string | null;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly onChoose: (value: string | null) => void;
}

function Choice({ label, hint, profile, value, options, onChoose }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} aria-describedby={`${id}-hint`} value={value ?? ""}
        onChange={(event) => onChoose(event.currentTarget.value === "" ? null : event.currentTarget.value)}>
        <option value="">{profile}</option>
        {options.map((one) => <option key={one.value} value={one.value}>{one.text}</option>)}
      </select>
      <p id={`${id}-hint`} class="hint">{hint}</p>
    </div>
  );
}

function Place({ now, voice: { t }, zone, onChange }: FieldsProps) {
  const languages = useMemo(() => languagesFor(now).map((value) => ({ value, text: languageName(value) })), [now.locale]);
  const zones = useMemo(() => zonesFor(now).map((value) => ({ value, text: value.replaceAll("_", " ") })), [now.timeZone]);
  return (
    <>
      <Choice label={t("myLocks.preferences.language")} hint={t("myLocks.preferences.language.hint")} profile={t("myLocks.preferences.language.profile")}
        value={now.locale} options={languages} onChoose={(locale) => onChange({ ...now, locale })} />
      <Choice label={t("myLocks.preferences.zone")} hint={t("myLocks.preferences.zone.hint")} profile={t("myLocks.preferences.zone.profile", { zone })}
        value={now.timeZone} options={zones} onChoose={(timeZone) => onChange({ ...now, timeZone })} />
    </>
  );
}

type Saving = "no" | "saving" | "saved" | Problem;

function Result({ saving, voice: { t } }: { readonly saving: Saving; readonly voice: Voice }) {
  if (typeof saving === "object") return <p class="hint wrong" role="alert">{problemWords(saving, t)}</p>;
  return <p class="me-saved" role="status">{saving === "saved" && <><Icon name="done" />{t("myLocks.preferences.saved")}</>}</p>;
}

function Form({ stored, api, voice, zone, onSaved }: {
  readonly stored: Preferences;
  readonly api: MeApi;
  readonly voice: Voice;
  readonly zone: string;
  readonly onSaved: (now: Preferences) => void;
}) {
  const [now, setNow] = useState(stored);
  const [saving, setSaving] = useState<Saving>("no");
  const dirty = changed(stored, now);
  useUnsaved(dirty);
  const alive = useRef(true);
  useEffect(() => () => { alive.current = false; }, []);
  const change = (wanted: Preferences): void => {
    setNow(wanted);
    setSaving("no");
  };
  const save = async (): Promise<void> => {
    setSaving("saving");
    try {
      const answer = await api.savePreferences(now);
      if (alive.current) onSaved(answer);
      setSaving("saved");
    } catch (error) {
      setSaving(problemOf(error));
    }
  };
  return (
    <form class="me" onSubmit={(event) => { event.preventDefault(); if (dirty && saving !== "saving") void save(); }}>
      <Mails now={now} voice={voice} zone={zone} onChange={change} />
      <Place now={now} voice={voice} zone={zone} onChange={change} />
      <Restriction now={now} voice={voice} zone={zone} onChange={change} />
      <div class="buttons">
        <button type="submit" class="button primary" aria-disabled={!dirty || saving === "saving"}>
          {voice.t(saving === "saving" ? "myLocks.preferences.saving" : "myLocks.preferences.save")}
        </button>
        <Result saving={saving} voice={voice} />
      </div>
    </form>
  );
}

export function PreferencesPanel({ client, context, voice }: PanelProps) {
  const api = useMemo(() => meApi(client), [client]);
  const { value, problem, reload, replace } = useResource(() => api.preferences(), "");
  const { t } = voice;
  if (value !== null) return <Form stored={value} api={api} voice={voice} zone={context.timeZone} onSaved={replace} />;
  if (problem !== null) return <Failed title={t("myLocks.preferences.failed")} problem={problem} t={t} onRetry={reload} />;
  return <Loading text={t("myLocks.preferences.loading")} />;
}
