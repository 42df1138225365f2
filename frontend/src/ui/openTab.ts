/** How a part of a screen opens another one. */
import { createContext } from "preact";
import type { ListedState } from "../api";

/** Open a tab by its key, a list of locks with one state; null on a screen without tabs. */
export const OpenTab = createContext<((key: string, filter: ListedState | null) => void) | null>(null);
