/** The tabs of this screen, in order. */
import type { Panel } from "../ui/panel";
import { Audit } from "./Audit";
import { Health } from "./Health";
import { MailTexts } from "./MailTexts";
import { SiteLocks } from "./SiteLocks";
import { SiteSettings } from "./SiteSettings";

export const PANELS: readonly Panel[] = [
  { key: "general", title: "site.general.title", Content: SiteSettings },
  { key: "locks", title: "site.locks.title", Content: SiteLocks },
  { key: "mails", title: "site.mails.title", Content: MailTexts },
  { key: "health", title: "site.health.title", Content: Health },
  { key: "audit", title: "site.audit.title", Content: Audit },
];
