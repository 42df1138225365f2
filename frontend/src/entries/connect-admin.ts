/** Lockpoint settings in a frame of Atlassian Connect. */
import { currentHost } from "../host/connect";
import { start } from "../start";
import { showSite } from "../site/main";

void start(currentHost("admin"), { admin: () => showSite });
