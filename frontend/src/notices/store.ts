/** Notices for the viewer: asked for again and again, each shown once in the life of a browser tab. */
import type { NoticeKind, NoticesApi, OwnNotice } from "../api";

/** What was shown in this browser tab. */
export interface Memory {
  has(id: string): boolean;
  add(id: string): void;
}

const KEY = "lockpoint.notices";
const MOST_REMEMBERED = 200;

/** Frames of one tab share it; where the browser keeps no storage for frames, each frame remembers for itself. */
export function tabMemory(storage: () => Storage = () => sessionStorage): Memory {
  let own: readonly string[] = [];
  const read = (): readonly string[] => {
    try {
      const stored: unknown = JSON.parse(storage().getItem(KEY) ?? "[]");
      return Array.isArray(stored) ? [...own, ...stored.map(String)] : own;
    } catch {
      return own;
    }
  };
  return {
    has: (id) => read().includes(id),
    add(id) {
      own = [...new Set([...read(), id])].slice(-MOST_REMEMBERED);
      try {
        storage().setItem(KEY, JSON.stringify(own));
      } catch {
        // Some browsers close storage to third-party frames.
      }
    },
  };
}

export interface NoticesState {
  /** Newest first. */
  readonly shown: readonly OwnNotice[];
  readonly failures: number;
}

export class NoticeStore {
  private state: NoticesState = { shown: [], failures: 0 };
  private readonly listeners = new Set<() => void>();

  /** `elsewhere` are kinds that the screen itself tells of. */
  constructor(private readonly api: NoticesApi, private readonly memory: Memory, private readonly elsewhere: ReadonlySet<NoticeKind> = new Set()) {}

  readonly get = (): NoticesState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private set(change: Partial<NoticesState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }

  /** Never rejects: a screen says by itself when the server cannot be reached. */
  async poll(): Promise<void> {
    try {
      const recent = await this.api.recent();
      const fresh = (recent ?? []).filter(({ id, kind }) => !this.elsewhere.has(kind) && !this.memory.has(id));
      for (const { id } of fresh) this.memory.add(id);
      if (fresh.length > 0 || this.state.failures > 0) this.set({ shown: [...fresh, ...this.state.shown], failures: 0 });
    } catch {
      this.set({ failures: this.state.failures + 1 });
    }
  }

  dismiss(id: string): void {
    this.set({ shown: this.state.shown.filter((notice) => notice.id !== id) });
  }

  dismissAll(): void {
    this.set({ shown: [] });
  }
}

const EVERY_MS = 8_000;
const LONGEST_MS = 60_000;

/** Return milliseconds until the next poll; null while nobody sees the screen. A poll without news costs no points. */
export function pollDelay(hidden: boolean, failures: number): number | null {
  return hidden ? null : Math.min(EVERY_MS * 2 ** failures, LONGEST_MS);
}
