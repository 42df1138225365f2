/** Locked attachments in a frame of Atlassian Connect. */
import { currentHost } from "../host/connect";
import { start } from "../start";
import { showMacro } from "../macro/main";

void start(currentHost("macro"), { macro: () => showMacro });
