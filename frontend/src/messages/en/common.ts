/** Texts of more than one screen. */
export const common = {
  "person.unknown": "somebody",
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
} as const;
