/** Copy mode, beside what the self-test found. Where Confluence does not restore, one click switches it on. */
import { Toggle } from "../settings/fields";
import type { Form } from "../settings/useStore";
import type { SelfTestModel } from "../api/schema";
import { Icon, type IconName } from "../ui/Icon";

const LOOKS = {
  works: { look: "success", icon: "done" },
  refused: { look: "danger", icon: "warning" },
  refusedOn: { look: "success", icon: "done" },
  unknown: { look: "", icon: "info" },
} as const satisfies Readonly<Record<string, { readonly look: string; readonly icon: IconName }>>;

export function CopyMode({ form, test, stored, onSwitchOn }: {
  readonly form: Form;
  readonly test: SelfTestModel;
  readonly stored: boolean;
  readonly onSwitchOn: () => void;
}) {
  const { t, formats } = form.voice;
  const state = test.result === "refused" && stored ? "refusedOn" : test.result;
  const { look, icon } = LOOKS[state];
  return (
    <>
      <div class={`notice ${look}`} data-self-test={test.result}>
        <Icon name={icon} />
        <span>
          {t(`site.copy.${state}`)}
          {test.at !== null && <span class="notice-detail">{t("site.copy.testedAt", { time: formats.moment(test.at) })}</span>}
        </span>
        {state === "refused" && (
          <button type="button" class="button" aria-disabled={form.saving} onClick={onSwitchOn}>{t("site.copy.switchOn")}</button>
        )}
      </div>
      <Toggle form={form} name="copyMode" />
    </>
  );
}
