/** The tabs of this screen, in order; each loads when it is first opened. */
import { lazy } from "../ui/lazy";
import type { Panel } from "../ui/panel";

export const PANELS: readonly Panel[] = [
  { key: "general", title: "site.general.title", Content: lazy(async () => (await import("./SiteSettings")).SiteSettings) },
  { key: "locks", title: "site.locks.title", Content: lazy(async () => (await import("./SiteLocks")).SiteLocks) },
  { key: "mails", title: "site.mails.title", Content: lazy(async () => (await import("./MailTexts")).MailTexts) },
  { key: "health", title: "site.health.title", Content: lazy(async () => (await import("./Health")).Health) },
  { key: "audit", title: "site.audit.title", Content: lazy(async () => (await import("./Audit")).Audit) },
];
