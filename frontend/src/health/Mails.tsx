/** Mails of the last seven days by result, and people whom none reached. */
import type { Health } from "../api";
import type { Voice } from "../voice";
import { Finding, Result } from "./parts";
import { mailsByResult } from "./rules";
import type { Act } from "./useAct";

function Results({ results, voice: { t, formats } }: { readonly results: Readonly<Record<string, number>>; readonly voice: Voice }) {
  return (
    <table class="kept">
      <thead><tr><th scope="col">{t("health.mails.result")}</th><th scope="col" class="number">{t("health.mails.number")}</th></tr></thead>
      <tbody>
        {mailsByResult(results).map(([result, count]) => <tr key={result}><td>{t(`health.mail.${result}`)}</td><td class="number">{formats.number(count)}</td></tr>)}
      </tbody>
    </table>
  );
}

export function Mails({ mails, commentsOn, comments, voice }: {
  readonly mails: NonNullable<Health["mails"]>;
  readonly commentsOn: boolean;
  readonly comments: Act<[]>;
  readonly voice: Voice;
}) {
  const { t } = voice;
  const { results, withoutAddress, toldInComments, refused, waiting, parked } = mails;
  const none = Object.keys(results).length === 0;
  const good = refused === 0 && parked === 0 && withoutAddress === 0;
  return (
    <>
      {none && waiting === 0 && good && <Finding look="info"><p>{t("health.mails.none")}</p></Finding>}
      {!none && good && <Finding look="good"><p>{t("health.mails.good")}</p></Finding>}
      {refused > 0 && <Finding look="bad"><p>{t("health.mails.refused", { count: refused })}</p></Finding>}
      {parked > 0 && <Finding look="bad"><p>{t("health.mails.parked", { count: parked })}</p></Finding>}
      {withoutAddress > 0 && (
        <Finding look="warning">
          <p>{t("health.mails.without", { count: withoutAddress })}</p>
          {commentsOn
            ? <p class="hint">{t("health.mails.comments.on")}</p>
            : <button type="button" class="button" aria-disabled={comments.state === "working"} onClick={() => comments.run()}>{t("health.mails.comments")}</button>}
        </Finding>
      )}
      <Result act={comments} done={t("health.mails.comments.done")} t={t} />
      {toldInComments > 0 && <p class="hint">{t("health.mails.commented", { count: toldInComments })}</p>}
      {waiting > 0 && <p class="hint">{t("health.mails.waiting", { count: waiting })}</p>}
      {!none && <Results results={results} voice={voice} />}
    </>
  );
}
