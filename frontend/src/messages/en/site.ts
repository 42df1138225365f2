/** Texts of the screen "Lockpoint settings". */
export const site = {
  "site.title": "Lockpoint settings",
  "site.general.title": "General",
  "site.locks.title": "Locked attachments",
  "site.mails.title": "Mails",
  "site.health.title": "Health",
  "site.audit.title": "Audit",
} as const;
