/** Which language, and which mail. */
import { useId } from "preact/hooks";
import type { MailName } from "../api";
import type { Voice } from "../voice";
import { GROUP_NAMES, GROUPS } from "./groups";
import { languageName } from "./languages";
import { draftKey, type TextsState } from "./store";

function mailWords(mail: MailName, { answer, language, drafts }: TextsState, { t }: Voice): string {
  const name = t(`mails.name.${mail}`);
  if (drafts[draftKey(language, mail)] !== undefined) return t("mails.mail.unsaved", { mail: name });
  const own = answer?.templates.some((one) => one.mail === mail && one.custom) ?? false;
  return own ? t("mails.mail.own", { mail: name }) : name;
}

export function Choice({ state, voice, onLanguage, onMail }: {
  readonly state: TextsState;
  readonly voice: Voice;
  readonly onLanguage: (language: string) => void;
  readonly onMail: (mail: MailName) => void;
}) {
  const id = useId();
  const { t, locale } = voice;
  const { answer, language, mail } = state;
  const languageWords = (one: string): string => {
    const name = languageName(one, locale);
    return answer?.custom.includes(one) === true ? t("mails.language.own", { language: name }) : name;
  };
  return (
    <div class="choice">
      <div class="field">
        <label for={`${id}-language`}>{t("mails.language")}</label>
        <select id={`${id}-language`} value={language} onChange={(event) => onLanguage(event.currentTarget.value)}>
          {(answer?.languages ?? [language]).map((one) => <option key={one} value={one}>{languageWords(one)}</option>)}
        </select>
      </div>
      <div class="field choice-mail">
        <label for={`${id}-mail`}>{t("mails.mail")}</label>
        <select id={`${id}-mail`} value={mail} onChange={(event) => onMail(event.currentTarget.value as MailName)}>
          {GROUP_NAMES.map((group) => (
            <optgroup key={group} label={t(`mails.group.${group}`)}>
              {GROUPS[group].map((one) => <option key={one} value={one}>{mailWords(one, state, voice)}</option>)}
            </optgroup>
          ))}
        </select>
      </div>
    </div>
  );
}
