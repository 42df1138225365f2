/** The page dialog in a frame of Atlassian Connect. */
import { currentHost } from "../host/connect";
import { showPage } from "../page/main";
import { start } from "../start";

void start(currentHost("page"), { page: () => showPage });
