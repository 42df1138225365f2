/**
 * English, the reference catalogue: one file for each screen. The compiler checks that other languages have the same keys and
 * placeholders. A plural entry has the forms that `Intl.PluralRules` names for the language; `count` chooses one.
 */
import { common } from "./common.ts";
import { getStarted } from "./getStarted.ts";
import { macro } from "./macro.ts";
import { myLocks } from "./myLocks.ts";
import { page } from "./page.ts";
import { site } from "./site.ts";
import { space } from "./space.ts";

export const en = { ...common, ...page, ...macro, ...myLocks, ...space, ...site, ...getStarted } as const;
