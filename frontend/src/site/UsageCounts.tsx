/** The switch for usage counts, and every number that is kept: nobody has to believe a description. */
import type { UsageModel } from "../api/schema";
import { Toggle } from "../settings/fields";
import type { Form } from "../settings/useStore";

const COLUMNS = ["day", "event", "locale", "zone", "count"] as const;

function Kept({ kept, form: { voice: { t, formats } } }: { readonly kept: readonly UsageModel[]; readonly form: Form }) {
  const named = (place: string): string => (place === "other" ? t("site.usage.other") : place);
  return (
    <div class="kept-scroll" tabIndex={0} role="region" aria-label={t("site.usage.title")}>
      <table class="kept">
        <thead><tr>{COLUMNS.map((column) => <th key={column} scope="col">{t(`site.usage.${column}`)}</th>)}</tr></thead>
        <tbody>
          {kept.map(({ day, event, locale, zone, count }) => (
            <tr key={`${day} ${event} ${locale} ${zone}`}>
              <td>{day}</td><td>{t(`site.usage.${event}`)}</td><td>{named(locale)}</td><td>{named(zone)}</td><td>{formats.number(count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function UsageCounts({ form, kept }: { readonly form: Form; readonly kept: readonly UsageModel[] }) {
  const { t } = form.voice;
  const erased = form.before.usageCounts === true && form.after.usageCounts === false && kept.length > 0;
  return (
    <>
      <Toggle form={form} name="usageCounts" note={erased ? t("site.usage.erased") : null} />
      {kept.length === 0
        ? <p class="hint">{t("site.usage.nothing")}</p>
        : <details class="kept-details"><summary>{t("site.usage.kept", { count: kept.length })}</summary><Kept kept={kept} form={form} /></details>}
    </>
  );
}
