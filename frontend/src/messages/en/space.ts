/** Texts of the screen "Lockpoint". */
export const space = {
  "space.title": "Lockpoint",
  "space.locks.title": "Locked attachments",
  "space.permissions.title": "Permissions",
  "space.protection.title": "Timeouts and protection",
  "space.audit.title": "Audit",
} as const;
