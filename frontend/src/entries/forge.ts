/** All screens of the Forge app: one page, which loads what its module asks for. */
import { invokeRemote, requestConfluence, router, view } from "@forge/bridge";
import { forgeHost } from "../host/forge";
import { start } from "../start";

void start(forgeHost({ invokeRemote, requestConfluence, router, view }), {
  page: async (...place) => (await import("../page/main")).showPage(...place),
  macro: async (...place) => (await import("../macro/main")).showMacro(...place),
  "macro-settings": async (...place) => (await import("../macro/settings")).showMacroSettings(...place),
  "my-locks": async (...place) => (await import("../myLocks/main")).showMyLocks(...place),
  space: async (...place) => (await import("../space/main")).showSpace(...place),
  admin: async (...place) => (await import("../site/main")).showSite(...place),
  "get-started": async (...place) => (await import("../getStarted/main")).showGetStarted(...place),
});
