/** Names of people, apps, groups and files whose ids are stored: each is asked for once on a screen. */
import { useEffect, useReducer } from "preact/hooks";
import type { DirectoryApi, Kind, Named } from "../api";

export class NameBook {
  /** Null: Confluence shows no name. Missing: not asked, or not answered yet. */
  private readonly names = new Map<string, string | null>();
  private readonly asked = new Set<string>();
  private readonly listeners = new Set<() => void>();

  constructor(readonly directory: DirectoryApi) {}

  /** Return the name; null where Confluence shows none, undefined until it answered. */
  name(id: string): string | null | undefined {
    return this.names.get(id);
  }

  learn(found: readonly Named[]): void {
    for (const { id, name } of found) {
      if (name === undefined) this.forget(id);
      else this.names.set(id, name === "" ? null : name);
    }
    for (const listener of this.listeners) listener();
  }

  /** Ask for it again when it is wanted next. */
  private forget(id: string): void {
    this.names.delete(id);
    this.asked.delete(id);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ask for names that are not known. Never rejects: without an answer ids stay without names. */
  async want(kind: Kind | "file", ids: readonly string[]): Promise<void> {
    const missing = ids.filter((id) => !this.names.has(id) && !this.asked.has(id));
    if (missing.length === 0) return;
    for (const id of missing) this.asked.add(id);
    const nameless = missing.map((id) => ({ id, name: null }));
    const found = await this.directory.named(kind, missing).catch(() => []);
    this.learn([...nameless, ...found]);
  }
}

/** Have these named; the component is rendered again when names arrive. */
export function useNames(book: NameBook, kind: Kind | "file", ids: readonly string[]): void {
  const [, again] = useReducer<number, void>((count) => count + 1, 0);
  useEffect(() => book.subscribe(() => again()), [book]);
  useEffect(() => void book.want(kind, ids), [book, kind, ids]);
}
