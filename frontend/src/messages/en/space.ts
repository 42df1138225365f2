/** Texts of the screen "Lockpoint". */
import { teach, type Catalogue } from "..";

export const space = {
  "space.title": "Lockpoint",
  "space.tabs": "Parts of Lockpoint in this space",
  "space.locks.title": "Locked attachments",
  "space.permissions.title": "Permissions",
  "space.protection.title": "Timeouts and protection",
  "space.audit.title": "Audit",
  "space.forbidden.title": "Only admins of this space see these settings",
  "space.forbidden.hint": "Lock managers find the locks of this space under “Locked attachments”. Ask an admin of the space to change anything here.",
  "space.gone.title": "This space can't be found",
  "space.gone.hint": "It was deleted, or you may no longer see it.",
  "space.altered": "Somebody changed the stored settings of this space without Lockpoint. Until an admin saves again, the last settings that Lockpoint saved hold, and nobody is a lock manager.",
  "space.altered.save": "Check the lock managers below, then save.",
  "space.altered.again": "Check the settings below, then save. Name the lock managers under “Permissions” again.",
  "space.active.title": "Where Lockpoint works",
  "space.active.hint": "A change holds at once, for every page of this space.",
  "space.managers.title": "Lock managers",
  "space.managers.hint": "Admins of the space and of the site may always end other people's locks, and give a reason. Name others who may do so here.",
  "space.times.title": "How long locks live",
  "space.times.hint": "Forgotten locks end by themselves, so that nobody has to ask an admin.",
  "space.rest.title": "What is undone",
  "space.rest.hint": "Uploads over somebody else's lock are always undone. These decide about the rest.",
} as const;

teach(space, import.meta.glob<Catalogue>("../../../../lockpoint/locale/*/LC_MESSAGES/screens.po", { import: "default", query: "?space" }));
