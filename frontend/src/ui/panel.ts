/** A part of a screen with tabs. */
import type { ComponentType } from "preact";
import type { Client, ListedState } from "../api";
import type { Host, HostContext } from "../host";
import type { MessageKey } from "../messages";
import type { Voice } from "../voice";

export interface PanelProps {
  readonly client: Client;
  readonly host: Host;
  readonly context: HostContext;
  readonly voice: Voice;
  /** The state of the locks to show first, where the way here led to some. */
  readonly filter?: ListedState | null;
}

export interface Panel {
  /** Names the tab in addresses, for `HostContext.tab`. */
  readonly key: string;
  readonly title: Extract<MessageKey, `${"space" | "site" | "myLocks"}.${string}.title`>;
  readonly Content: ComponentType<PanelProps>;
}
