/** Texts of the screen "My locks". */
export const myLocks = {
  "myLocks.title": "My locks",
  "myLocks.tabs": "Parts of My locks",
  "myLocks.guest.title": "Log in to see your locks",
  "myLocks.guest.hint": "Only people with an account can lock files.",
  "myLocks.locks.title": "My locks",
  "myLocks.locks.empty.title": "You have locked nothing",
  "myLocks.locks.empty.hint": "Open File locks on a page to lock one of its attachments. It is listed here until you unlock it.",
  "myLocks.waiting.title": "Files I wait for",
  "myLocks.waiting.hint": "Files that others have locked and that you asked for, or asked to be told about.",
  "myLocks.waiting.empty.title": "You wait for no file",
  "myLocks.waiting.empty.hint": "Choose Notify me beside a file that somebody else has locked. You get one message when it is free.",
  "myLocks.preferences.title": "Preferences",
  "myLocks.data.title": "My data",
} as const;
