/** The tabs of this screen, in order; each loads when it is first opened. */
import { lazy } from "../ui/lazy";
import type { Panel } from "../ui/panel";

export const PANELS: readonly Panel[] = [
  { key: "locks", title: "space.locks.title", Content: lazy(async () => (await import("./LockedFiles")).LockedFiles) },
  { key: "permissions", title: "space.permissions.title", Content: lazy(async () => (await import("./Permissions")).Permissions) },
  { key: "protection", title: "space.protection.title", Content: lazy(async () => (await import("./Protection")).Protection) },
  { key: "audit", title: "space.audit.title", Content: lazy(async () => (await import("./SpaceAudit")).SpaceAudit) },
];
