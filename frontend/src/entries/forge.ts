/** All screens of the Forge app: one page, which shows what its module asks for. */
import { invokeRemote, router, view } from "@forge/bridge";
import { forgeHost } from "../host/forge";
import { showPage } from "../page/main";
import { start } from "../start";

void start(forgeHost({ invokeRemote, router, view }), { page: showPage });
