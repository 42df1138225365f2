/** General: what holds in every space that does not decide otherwise. */
import type { SiteSettings as Settings } from "../api";
import { Chosen, Count, Group, Hours, Toggle } from "../settings/fields";
import { SettingsPanel } from "../settings/SettingsPanel";
import { siteSource } from "../settings/sources";
import { useParts } from "../settings/useParts";
import { useSettings, type Form } from "../settings/useStore";
import type { PanelProps } from "../ui/panel";
import { activeNote, strictNote } from "../settings/notes";
import { CopyMode } from "./CopyMode";
import { UsageCounts } from "./UsageCounts";

function Rows({ form, answer, switchOn }: { readonly form: Form; readonly answer: Settings; readonly switchOn: () => void }) {
  const { t } = form.voice;
  return (
    <>
      <p class="settings-hint">{t("site.general.hint")}</p>
      <Group title={t("site.where.title")} hint={t("site.where.hint")}>
        <Toggle form={form} name="active" note={activeNote(form)} />
      </Group>
      <Group title={t("site.times.title")} hint={t("site.times.hint")}>
        <Hours form={form} name="warnAfterHours" />
        <Hours form={form} name="unlockAfterHours" />
        <Count form={form} name="longestDays" />
        <Toggle form={form} name="endless" />
      </Group>
      <Group title={t("site.protection.title")} hint={t("site.protection.hint")}>
        <Toggle form={form} name="undoTrash" />
        <Toggle form={form} name="undoRename" />
        <Toggle form={form} name="strict" note={strictNote(form)} />
        <Toggle form={form} name="adminsMayOverwrite" />
        <Count form={form} name="restores" />
      </Group>
      <Group title={t("site.copy.title")} hint={t("site.copy.hint")}>
        <CopyMode form={form} test={answer.restoreSelfTest} stored={answer.copyMode} onSwitchOn={switchOn} />
      </Group>
      <Group title={t("site.apps.title")} hint={t("site.apps.hint")}>
        <Chosen form={form} name="allowedApps" />
      </Group>
      <Group title={t("site.told.title")} hint={t("site.told.hint")}>
        <Toggle form={form} name="comments" />
      </Group>
      <Group title={t("site.usage.title")} hint={t("site.usage.hint")}>
        <UsageCounts form={form} kept={answer.kept} />
      </Group>
    </>
  );
}

export function SiteSettings(props: PanelProps) {
  const { voice } = props;
  const { t } = voice;
  const { api, book } = useParts(props);
  const source = siteSource(api);
  const { store, state } = useSettings(source);
  const forbidden = { title: t("site.forbidden.title"), hint: t("site.forbidden.hint") };
  return (
    <SettingsPanel store={store} state={state} voice={voice} book={book} source={source} site forbidden={forbidden}>
      {(form, answer) => <Rows form={form} answer={answer} switchOn={() => void store.saveOne("copyMode", true)} />}
    </SettingsPanel>
  );
}
