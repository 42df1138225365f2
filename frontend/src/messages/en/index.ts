/**
 * English, the reference catalogue: one file for each screen. The compiler checks that other languages have the same keys and
 * placeholders. A plural entry has the forms that `Intl.PluralRules` names for the language; `count` chooses one.
 */
import { common } from "./common";
import { getStarted } from "./getStarted";
import { lists } from "./lists";
import { macro } from "./macro";
import { myLocks } from "./myLocks";
import { notices } from "./notices";
import { page } from "./page";
import { settings } from "./settings";
import { site } from "./site";
import { space } from "./space";

export const en = { ...common, ...page, ...lists, ...notices, ...macro, ...myLocks, ...settings, ...space, ...site, ...getStarted } as const;
