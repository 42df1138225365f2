/** My locks in a frame of Atlassian Connect. */
import { currentHost } from "../host/connect";
import { start } from "../start";
import { showMyLocks } from "../myLocks/main";

void start(currentHost("my-locks"), { "my-locks": () => showMyLocks });
