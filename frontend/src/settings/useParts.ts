/** What a panel with settings needs of its screen. */
import { useMemo } from "preact/hooks";
import { directoryApi, settingsApi, type SettingsApi } from "../api";
import { NameBook } from "../ui/nameBook";
import type { PanelProps } from "../ui/panel";

export function useParts({ client }: Pick<PanelProps, "client">): { readonly api: SettingsApi; readonly book: NameBook } {
  return useMemo(() => ({ api: settingsApi(client), book: new NameBook(directoryApi(client)) }), [client]);
}
