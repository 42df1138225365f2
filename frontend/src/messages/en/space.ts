/** Texts of the screen "Lockpoint". */
export const space = {
  "space.title": "Lockpoint",
} as const;
