/** How the settings of a site, and of a space, are read and written. */
import type { OwnRules, SettingsApi, SiteChanges, SiteSettings, SpaceSettings } from "../api";
import { RULES, SITE_ONLY, type Name, type RuleName, type Value, type Values } from "./rules";
import type { Source } from "./store";

function picked(names: readonly Name[], from: Values): Values {
  return Object.fromEntries(names.map((name) => [name, from[name]]));
}

export function siteSource(api: SettingsApi): Source<SiteSettings> {
  return {
    read: () => api.site(),
    write: ({ revision }, mine, changed) => api.changeSite(revision, picked(changed, mine) as SiteChanges),
    values: (answer) => picked([...RULES, ...SITE_ONLY], answer),
    inherited: () => ({}),
    author: () => api.lastChange(null),
  };
}

function rulesOf(value: (name: RuleName) => Value): Values {
  return Object.fromEntries(RULES.map((name) => [name, value(name)]));
}

/** Return the rules that a space decides itself. */
function ownRules(mine: Values): OwnRules {
  return Object.fromEntries(RULES.filter((name) => mine[name] !== undefined).map((name) => [name, mine[name]]));
}

export function spaceSource(api: SettingsApi, key: string): Source<SpaceSettings> {
  return {
    read: () => api.space(key),
    write: ({ version }, mine) => api.changeSpace(key, {
      version,
      rules: ownRules(mine),
      managers: { people: mine.managers as readonly string[], groups: mine.managerGroups as readonly string[] },
    }),
    values: (answer) => ({
      ...rulesOf((name) => (answer.rules[name].source === "space" ? answer.rules[name].value : undefined)),
      managers: answer.managers.people,
      managerGroups: answer.managers.groups,
    }),
    inherited: (answer) => rulesOf((name) => answer.rules[name].inherited),
    author: ({ spaceId }) => api.lastChange(spaceId),
  };
}
