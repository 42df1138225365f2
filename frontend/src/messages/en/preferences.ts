/** Texts of the tab "Preferences". */
import { teach, type Catalogue } from "..";

export const preferences = {
  "myLocks.preferences.loading": "Loading your preferences…",
  "myLocks.preferences.failed": "Your preferences could not be loaded",
  "myLocks.preferences.mails": "Mails that you can do without",
  "myLocks.preferences.mails.hint": "Other mails tell you what happened to your own work, or were asked for by you. They always come.",
  "myLocks.mail.lockWillEnd": "My lock will end soon",
  "myLocks.mail.lockEnded": "My lock has run out",
  "myLocks.mail.overwriteAttempt": "Somebody uploaded over a file that I have locked",
  "myLocks.mail.unprotected": "A file that I have locked is not protected",
  "myLocks.mail.editRequest": "Somebody asks for a file that I have locked",
  "myLocks.mail.editAnswer": "An owner answered my request for a file",
  "myLocks.mail.endlessLocks": "Once a week: my locks without an end",
  "myLocks.preferences.language": "Language of mails",
  "myLocks.preferences.language.profile": "As in my Confluence profile",
  "myLocks.preferences.language.hint": "These screens follow Confluence. This choice is for mails only.",
  "myLocks.preferences.zone": "Time zone of mails",
  "myLocks.preferences.zone.profile": "As in my Confluence profile ({zone})",
  "myLocks.preferences.zone.hint": "Times in mails are shown in this zone.",
  "myLocks.preferences.privacy": "Privacy",
  "myLocks.preferences.restricted": "Only keep my data, do not use it",
  "myLocks.preferences.restricted.hint": "You get no mail that you can do without, and mails do not follow your profile. Locks work as before.",
  "myLocks.preferences.save": "Save",
  "myLocks.preferences.saving": "Saving…",
  "myLocks.preferences.saved": "Your preferences are saved.",
} as const;

teach(preferences, import.meta.glob<Catalogue>("../../../../lockpoint/locale/*/LC_MESSAGES/screens.po", { import: "default", query: "?preferences" }));
