/** Texts of the screen "Get started with Lockpoint". */
export const getStarted = {
  "getStarted.title": "Get started with Lockpoint",
} as const;
