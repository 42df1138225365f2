/** The tabs of this screen, in order. */
import type { Panel } from "../ui/panel";
import { LockedFiles } from "./LockedFiles";
import { Permissions } from "./Permissions";
import { Protection } from "./Protection";
import { SpaceAudit } from "./SpaceAudit";

export const PANELS: readonly Panel[] = [
  { key: "locks", title: "space.locks.title", Content: LockedFiles },
  { key: "permissions", title: "space.permissions.title", Content: Permissions },
  { key: "protection", title: "space.protection.title", Content: Protection },
  { key: "audit", title: "space.audit.title", Content: SpaceAudit },
];
