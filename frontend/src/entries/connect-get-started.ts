/** Get started with Lockpoint in a frame of Atlassian Connect. */
import { currentHost } from "../host/connect";
import { start } from "../start";
import { showGetStarted } from "../getStarted/main";

void start(currentHost("get-started"), { "get-started": () => showGetStarted });
