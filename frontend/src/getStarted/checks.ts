/** What is checked after the installation, and what each check found. No rendering. */
import type { Health, SiteSettings } from "../api";
import { undoing } from "../health/rules";

export type CheckName = "licence" | "restore" | "mail" | "lock" | "on";
export type Found = "done" | "todo" | "problem";

export interface Seen {
  readonly health: Health;
  readonly settings: SiteSettings;
  /** Whether anybody ever locked a file, as far as the log goes back. */
  readonly locked: boolean;
}

const RESTORE = { works: "done", copy: "done", refused: "problem", unknown: "todo" } as const;

export function sentMails({ mails }: Pick<Health, "mails">): number {
  return mails?.results["sent"] ?? 0;
}

function mailFound(health: Health): Found {
  if (sentMails(health) > 0) return "done";
  return (health.mails?.refused ?? 0) > 0 ? "problem" : "todo";
}

/** Return the checks in their order. */
export function checksOf({ health, settings, locked }: Seen): readonly (readonly [CheckName, Found])[] {
  const way = undoing(health.restoreSelfTest?.result ?? "unknown", settings.copyMode);
  return [
    ["licence", health.locks.licensed ? "done" : "problem"],
    ["restore", RESTORE[way]],
    ["mail", mailFound(health)],
    ["on", settings.active ? "done" : "todo"],
    ["lock", locked ? "done" : "todo"],
  ];
}

export function allGreen(checks: ReturnType<typeof checksOf>): boolean {
  return checks.every(([, found]) => found === "done");
}
