/** What both panels with settings of a space have around their rows. */
import type { ComponentChildren } from "preact";
import type { SpaceSettings } from "../api";
import { SettingsPanel } from "../settings/SettingsPanel";
import { spaceSource } from "../settings/sources";
import { useParts } from "../settings/useParts";
import { useSettings, type Form } from "../settings/useStore";
import { Icon } from "../ui/Icon";
import type { PanelProps } from "../ui/panel";

/** Told until an admin saves again. */
function Altered({ text, again }: { readonly text: string; readonly again: string }) {
  return <p class="notice warning" role="status"><Icon name="warning" /><span>{text} {again}</span></p>;
}

export function SpaceForm({ place, again, children }: {
  readonly place: PanelProps;
  /** What to do here where somebody changed the stored settings. */
  readonly again: "space.altered.save" | "space.altered.again";
  readonly children: (form: Form) => ComponentChildren;
}) {
  const { voice, context } = place;
  const { t } = voice;
  const { api, book } = useParts(place);
  const source = spaceSource(api, context.spaceKey ?? "");
  const { store, state } = useSettings(source);
  const forbidden = { title: t("space.forbidden.title"), hint: t("space.forbidden.hint") };
  const gone = { title: t("space.gone.title"), hint: t("space.gone.hint") };
  return (
    <SettingsPanel store={store} state={state} voice={voice} book={book} source={source} site={false} forbidden={forbidden} gone={gone}
      stale={({ altered }: SpaceSettings) => altered}>
      {(form, { altered }) => (
        <>
          {altered && <Altered text={t("space.altered")} again={t(again)} />}
          {children(form)}
        </>
      )}
    </SettingsPanel>
  );
}
