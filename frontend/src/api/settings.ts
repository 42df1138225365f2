/** The settings of the site and of a space. */
import type { Client } from "./client";
import type { AuditModel, AuditRowModel, RulesBody, SettingsBody, SettingsModel, SpaceSettingsBody, SpaceSettingsModel } from "./schema";

export type SiteSettings = SettingsModel;
export type SpaceSettings = SpaceSettingsModel;
export type OwnRules = RulesBody;
export type SiteChanges = Omit<SettingsBody, "requestId" | "revision">;
export type SpaceChoice = Omit<SpaceSettingsBody, "requestId">;

/** Who saved settings last, and when. */
export type Change = Pick<AuditRowModel, "at" | "person">;

export interface SettingsApi {
  site(): Promise<SiteSettings>;
  /** Change some; ApiError 412 when the site has another revision. */
  changeSite(revision: number, changes: SiteChanges): Promise<SiteSettings>;
  space(key: string): Promise<SpaceSettings>;
  /** Replace what the space decides; ApiError 412 when it has another version. */
  changeSpace(key: string, choice: SpaceChoice): Promise<SpaceSettings>;
  /** Return the last change of the site's settings, or those of a space; only site admins may know it. */
  lastChange(spaceId: string | null): Promise<Change | null>;
}

const CHANGES_LOOKED_AT = 50;

export function settingsApi({ read, write }: Client): SettingsApi {
  const ofSpace = (key: string): string => `/spaces/${encodeURIComponent(key)}/settings`;
  return {
    site: () => read("/settings"),
    changeSite: (revision, changes) => write("PUT", "/settings", { revision, ...changes }),
    space: (key) => read(ofSpace(key)),
    changeSpace: (key, choice) => write("PUT", ofSpace(key), choice),
    async lastChange(spaceId) {
      const { items } = await read<AuditModel>(`/audit?event=settings_changed&limit=${String(CHANGES_LOOKED_AT)}`);
      const place = spaceId === null ? null : `space/${spaceId}`;
      return items.find(({ detail }) => detail === place) ?? null;
    },
  };
}
