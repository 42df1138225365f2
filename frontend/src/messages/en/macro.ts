/** Texts of the macro "Locked attachments". */
import { teach, type Catalogue } from "..";

export const macro = {
  "macro.title": "Locked attachments",
  "macro.title.page": "Locked attachments of this page",
  "macro.title.space": "Locked attachments of this space",
  "macro.title.mine": "Attachments that you have locked",
  "macro.loading": "Loading the locks…",
  "macro.guest": "Log in to see which attachments are locked.",
  "macro.empty.page": "No attachment of this page is locked.",
  "macro.empty.space": "No attachment is locked in this space.",
  "macro.empty.mine": "You have locked no attachment.",
  "macro.inactive": "Lockpoint is switched off in this space.",
  "macro.forbidden": "The locks of a space are shown to its lock managers, space admins and site admins.",
  "macro.more": { one: "{count} more lock is not shown.", other: "{count} more locks are not shown." },
  "macro.moreUnknown": "More locks are not shown.",
  "macro.column.file": "File",
  "macro.column.page": "Page",
  "macro.column.owner": "Locked by",
  "macro.column.since": "Since",
  "macro.column.ends": "Ends in",
  "macro.column.state": "Protection",
  "macro.column.note": "Note",
  "macro.protected": "Protected",
} as const;

teach(macro, import.meta.glob<Catalogue>("../../../../lockpoint/locale/*/LC_MESSAGES/screens.po", { import: "default", query: "?macro" }));
