/**
 * English, the reference catalogue: one file for each screen. The compiler checks that other languages have the same keys and
 * placeholders. A plural entry has the forms that `Intl.PluralRules` names for the language; `count` chooses one.
 */
import { audit } from "./audit";
import { common } from "./common";
import { getStarted } from "./getStarted";
import { health } from "./health";
import { lists } from "./lists";
import { macro } from "./macro";
import { mails } from "./mails";
import { myLocks } from "./myLocks";
import { notices } from "./notices";
import { page } from "./page";
import { settings } from "./settings";
import { site } from "./site";
import { space } from "./space";

export const en = {
  ...common, ...page, ...lists, ...notices, ...macro, ...myLocks, ...settings, ...space, ...site, ...mails, ...health, ...audit, ...getStarted,
} as const;
