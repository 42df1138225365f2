/** Lockpoint in a frame of Atlassian Connect. */
import { currentHost } from "../host/connect";
import { start } from "../start";
import { showSpace } from "../space/main";

void start(currentHost("space"), { space: () => showSpace });
