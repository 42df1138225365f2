/**
 * English, the reference catalogue: one file for the texts that are loaded together. Nothing that a viewer loads imports this whole.
 * A plural entry has the forms that `Intl.PluralRules` names for the language; `count` chooses one.
 */
import { audit } from "./audit";
import { choose } from "./choose";
import { common } from "./common";
import { getStarted } from "./getStarted";
import { health } from "./health";
import { lists } from "./lists";
import { locks } from "./locks";
import { macro } from "./macro";
import { mails } from "./mails";
import { myData } from "./myData";
import { myLocks } from "./myLocks";
import { notices } from "./notices";
import { page } from "./page";
import { preferences } from "./preferences";
import { settings } from "./settings";
import { site } from "./site";
import { space } from "./space";

export const en = {
  ...common, ...page, ...locks, ...lists, ...notices, ...macro, ...myLocks, ...preferences, ...myData, ...choose, ...settings,
  ...space, ...site, ...mails, ...health, ...audit, ...getStarted,
} as const;
