/** Texts of more than one screen. */
import { teach, type Catalogue } from "..";

export const common = {
  "person.unknown": "somebody",
  "part.loading": "Loading…",
  "part.failed": "This part could not be loaded",
  "failed.retry": "Try again",
  "notice.dismiss": "Dismiss",
  "problem.too_many": "You can't hold more locks. Unlock a file that you no longer need.",
  "problem.inactive": "Lockpoint is switched off in this space, so nothing can be locked here. A space admin can switch it on.",
  "problem.unlicensed": "Lockpoint has no licence on this site, so nothing can be locked. A site admin can renew it.",
  "problem.forbidden": "You may no longer do this. Reload the page to see what you may do.",
  "problem.page_gone": "This page was deleted, or you may no longer see it.",
  "problem.invalid": "The server did not accept this: {message}",
  "problem.busy": "Confluence cannot be reached right now. Try again in {seconds} s.",
  "problem.used_up": "Lockpoint has used up what Confluence allows it this hour. It goes on in {minutes} min.",
  "problem.too_many_requests": "You have asked for more than your share. Lockpoint goes on for you in {minutes} min.",
  "problem.unauthorized": "Your session in Confluence has ended. Reload the page.",
  "problem.offline": "The server can't be reached. Check your connection; Lockpoint keeps trying.",
  "problem.unexpected": "Something went wrong in Lockpoint. Try again in a moment.",
  "problem.already_locked": "{name} locked {title} first, {since}.",
  "problem.already_locked.plain": "Somebody else locked {title} first.",
  "problem.lock_lost": "This lock on {title} had already ended.",
  "problem.lock_lost.how": "This lock on {title} had already ended. {ended}.",
  "problem.ending": "The last lock on {title} is just ending. Try again in a moment.",
  "problem.out_of_date": "{title} has a newer version than the one you see. It is shown now; look at it, then lock again.",
  "problem.app_blocked": "Lockpoint needs access to this page, so it could not protect {title}. A person who may edit the page can give it here.",
  "problem.in_progress": "Another change of {title} is under way. Try again in a moment.",
  "problem.not_found": "{title} was deleted, or you may no longer see it.",

  "unsaved.title": "Leave without saving?",
  "unsaved.text": "Your changes on this tab are not saved yet. They are lost when you open another tab.",
  "unsaved.leave": "Leave without saving",
  "unsaved.stay": "Keep editing",

  "site.forbidden.title": "Only site admins see these settings",
  "site.forbidden.hint": "Ask one of your site's admins, or open the settings of a space that you administer.",
  "lists.hidden": "A file on a page that you can't see any more",
  "lists.nameless": "File without a name",
  "lists.open": "Open {title} (new tab)",
} as const;

teach(common, import.meta.glob<Catalogue>("../../../../lockpoint/locale/*/LC_MESSAGES/screens.po", { import: "default", query: "?common" }));
