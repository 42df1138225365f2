/** The calls about the viewer: preferences, and what is stored about them. */
import type { Client } from "./client";
import type { MailChoices, MyDataModel, PreferencesModel } from "./schema";

export type Preferences = PreferencesModel;
export type MyData = MyDataModel;
export type OptionalMail = keyof MailChoices;

export interface MeApi {
  preferences(): Promise<Preferences>;
  savePreferences(wanted: Preferences): Promise<Preferences>;
  data(): Promise<MyData>;
}

export function meApi({ read, write }: Client): MeApi {
  return {
    preferences: () => read("/me/preferences"),
    savePreferences: (wanted) => write("PUT", "/me/preferences", wanted),
    data: () => read("/me/data"),
  };
}
