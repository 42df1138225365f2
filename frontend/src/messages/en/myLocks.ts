/** Texts of the screen "My locks". */
export const myLocks = {
  "myLocks.title": "My locks",
} as const;
