/** Audit. */
import { LogPanel } from "../audit/LogPanel";
import type { PanelProps } from "../ui/panel";

export function Audit(place: PanelProps) {
  return <LogPanel place={place} space={null} />;
}
