/** Mails. */
export { Mails as MailTexts } from "../mails/Mails";
