/** Timeouts and protection: when locks of this space end, and what is undone. */
import { Group, Hours, Toggle } from "../settings/fields";
import { strictNote } from "../settings/notes";
import type { PanelProps } from "../ui/panel";
import { SpaceForm } from "./SpaceForm";

export function Protection(place: PanelProps) {
  const { t } = place.voice;
  return (
    <SpaceForm place={place} again="space.altered.again">
      {(form) => (
        <>
          <Group title={t("space.times.title")} hint={t("space.times.hint")}>
            <Hours form={form} name="warnAfterHours" />
            <Hours form={form} name="unlockAfterHours" />
          </Group>
          <Group title={t("space.rest.title")} hint={t("space.rest.hint")}>
            <Toggle form={form} name="undoTrash" />
            <Toggle form={form} name="undoRename" />
            <Toggle form={form} name="strict" note={strictNote(form)} />
          </Group>
        </>
      )}
    </SpaceForm>
  );
}
