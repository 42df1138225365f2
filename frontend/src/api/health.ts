/** What needs an admin's eye. */
import type { Client } from "./client";
import type { FormerSiteModel, HealthModel, LocksModel, SelfTestModel, SelfTestRunModel } from "./schema";

export type Health = HealthModel;
export type SelfTest = SelfTestModel;
export type UnprotectedLocks = Pick<LocksModel, "items" | "nextCursor">;

export interface HealthApi {
  site(): Promise<Health>;
  /** Restore a version of a scratch attachment; soon after the last time, return its result. */
  runSelfTest(): Promise<SelfTestRunModel>;
  /** Let the locks of an earlier installation by Connect at the same address count. */
  adoptFormerSite(): Promise<FormerSiteModel>;
  /** Return locks that do not protect, without those on pages that the caller may not see. */
  unprotected(): Promise<UnprotectedLocks>;
}

const FILES_SHOWN = 50;

export function healthApi({ read, write }: Client): HealthApi {
  return {
    site: () => read("/health"),
    runSelfTest: () => write("POST", "/health/self-test", {}),
    adoptFormerSite: () => write("POST", "/health/former-site", {}),
    unprotected: () => read(`/locks?scope=site&state=unprotected&limit=${String(FILES_SHOWN)}`),
  };
}
