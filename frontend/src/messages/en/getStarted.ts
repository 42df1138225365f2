/** Texts of the screen "Get started with Lockpoint". */
import { teach, type Catalogue } from "..";

export const getStarted = {
  "getStarted.title": "Get started with Lockpoint",
  "getStarted.lead": "A few checks, then people can lock their files. Checks that turn green by themselves need nothing from you.",
  "getStarted.loading": "Checking …",
  "getStarted.failed": "The checks can't be shown",
  "getStarted.progress": "{done} of {all} checks are green",
  "getStarted.ready.title": "Lockpoint is ready",
  "getStarted.ready.hint": "People can lock attachments on every page where Lockpoint is on.",
  "getStarted.viewer.title": "Lockpoint is installed on this site",
  "getStarted.viewer.hint": "A site admin checks here whether everything works. You can already lock attachments on pages that you may edit: open a page and choose File locks in its menu.",
  "getStarted.done": "Done",
  "getStarted.todo": "Still to do",
  "getStarted.problem": "Needs your attention",

  "getStarted.restore.title": "Lockpoint may read and restore",
  "getStarted.mail.title": "Mails reach people",
  "getStarted.mail.done": { one: "{count} mail was sent in the last seven days.", other: "{count} mails were sent in the last seven days." },
  "getStarted.mail.todo": "No mail was sent yet. Send one to yourself: it shows that your mail server takes Lockpoint's mails.",
  "getStarted.mail.refused": "The mail server refuses mails. Ask the operator of Lockpoint to look at its address and its entries in the DNS.",
  "getStarted.lock.title": "The first file is locked",
  "getStarted.lock.done": "Somebody has locked a file. Locks work.",
  "getStarted.lock.todo": "Open a page with an attachment, choose File locks in its menu, and lock a file. This check turns green by itself.",
  "getStarted.on.title": "Lockpoint is on where it should be",
  "getStarted.on.done": "Lockpoint is on in every space that does not decide otherwise. Admins of a space can switch it off there.",
  "getStarted.on.todo": "Lockpoint is off in every space that does not decide otherwise. Admins of a space can switch it on there, or you switch it on for the site.",
  "getStarted.on.switch": "Switch it on for the site",
  "getStarted.on.switched": "Lockpoint is on in the whole site now.",
  "getStarted.licence.title": "Lockpoint has a licence",
  "getStarted.licence.done": "The licence is valid.",

  "getStarted.next.title": "What comes next",
  "getStarted.next.settings": "Decide how long locks live",
  "getStarted.next.settings.hint": "In Confluence's settings, under Lockpoint, in the tab General: when owners are warned, when locks end, and what is undone.",
  "getStarted.next.mails": "Write mails in your own words",
  "getStarted.next.mails.hint": "In the same place, in the tab Mails, in six languages.",
  "getStarted.next.managers": "Name lock managers",
  "getStarted.next.managers.hint": "Admins of a space do so in its Lockpoint page, in the tab Permissions. Managers end locks that were forgotten.",
  "getStarted.next.people": "Tell people",
  "getStarted.next.people.hint": "They find File locks under the title of every page and in its menu, and their own locks in the page My locks.",
  "getStarted.guide.admin": "Guide for admins",
  "getStarted.guide.user": "Guide for everybody",
} as const;

teach(getStarted, import.meta.glob<Catalogue>("../../../../lockpoint/locale/*/LC_MESSAGES/screens.po", { import: "default", query: "?getStarted" }));
