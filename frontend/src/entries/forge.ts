/** All screens of the Forge app: one page, which loads what its module asks for. */
import { invokeRemote, requestConfluence, router, view } from "@forge/bridge";
import { forgeHost } from "../host/forge";
import { start } from "../start";

void start(forgeHost({ invokeRemote, requestConfluence, router, view }), {
  page: async () => (await import("../page/main")).showPage,
  macro: async () => (await import("../macro/main")).showMacro,
  "macro-settings": async () => (await import("../macro/settings")).showMacroSettings,
  "my-locks": async () => (await import("../myLocks/main")).showMyLocks,
  space: async () => (await import("../space/main")).showSpace,
  admin: async () => (await import("../site/main")).showSite,
  "get-started": async () => (await import("../getStarted/main")).showGetStarted,
});
