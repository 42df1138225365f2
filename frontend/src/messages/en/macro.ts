/** Texts of the screen "Locked attachments". */
export const macro = {
  "macro.title": "Locked attachments",
} as const;
