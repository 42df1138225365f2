/** Permissions: whether Lockpoint works in this space, and who may end other people's locks. */
import { Chosen, Group, Toggle } from "../settings/fields";
import { activeNote } from "../settings/notes";
import type { PanelProps } from "../ui/panel";
import { SpaceForm } from "./SpaceForm";

export function Permissions(place: PanelProps) {
  const { t } = place.voice;
  return (
    <SpaceForm place={place} again="space.altered.save">
      {(form) => (
        <>
          <Group title={t("space.active.title")} hint={t("space.active.hint")}>
            <Toggle form={form} name="active" note={activeNote(form)} />
          </Group>
          <Group title={t("space.managers.title")} hint={t("space.managers.hint")}>
            <Chosen form={form} name="managers" />
            <Chosen form={form} name="managerGroups" />
          </Group>
        </>
      )}
    </SpaceForm>
  );
}
