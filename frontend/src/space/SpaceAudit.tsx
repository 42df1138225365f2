/** Audit. */
import { LogPanel } from "../audit/LogPanel";
import type { PanelProps } from "../ui/panel";

export function SpaceAudit(place: PanelProps) {
  return <LogPanel place={place} space={place.context.spaceKey ?? ""} />;
}
