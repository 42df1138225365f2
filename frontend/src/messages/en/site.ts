/** Texts of the screen "Lockpoint settings". */
export const site = {
  "site.title": "Lockpoint settings",
} as const;
