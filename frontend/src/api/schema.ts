/** The shapes of `/api/v1`, written by `bin/api-types` from the server's OpenAPI document. */

/** Give the app access to a page. */
export interface AccessBody {
  readonly requestId: string;
}

/** The app may edit the page; `files` locks on it are looked at now. */
export interface AccessModel {
  readonly id: string;
  readonly files: number;
}

export interface AcquireBody {
  readonly requestId: string;
  readonly seenVersion?: number | null;
  readonly seenVersionCreated?: string | null;
  readonly hours?: number | null;
  readonly note?: string | null;
  readonly unlockOnUpload?: boolean;
}

export interface AskingModel {
  readonly asked: boolean;
  readonly count: number;
  readonly position: number | null;
}

/** Of a file in state `unreadable` all may be missing but its id; its title may be empty. */
export interface AttachmentModel {
  readonly id: string;
  readonly title: string;
  readonly mediaType: string | null;
  readonly fileSize: number | null;
  readonly version: number | null;
  readonly versionCreated: string | null;
  readonly links: LinksModel | null;
  readonly lock: LockModel;
}

export type AuditKind = "acquired" | "extended" | "rebased" | "released" | "broken" | "taken_over" | "handed_over" | "expired" | "holder_gone" | "file_gone" | "healed" | "signed_again" | "shortened" | "conflict" | "restored" | "renamed_back" | "undeleted" | "flagged" | "duplicate_removed" | "settings_changed" | "test_mail" | "person_erased" | "recovered";

/** Rows of the audit log, newest first. */
export interface AuditModel {
  readonly items: readonly AuditRowModel[];
  readonly nextCursor: string | null;
}

/** `person` is null where nobody did it; the name is null where nobody is known any more. */
export interface AuditRowModel {
  readonly at: string;
  readonly event: AuditKind;
  readonly person: PersonModel | null;
  readonly attachmentId: string | null;
  readonly version: number | null;
  readonly lockId: string | null;
  readonly detail: string | null;
  readonly recovered: boolean;
}

export interface BreakBody {
  readonly requestId: string;
  readonly lockId: string;
  readonly reason: string;
}

export type BulkAction = "lock" | "unlock" | "extend" | "notify-me" | "break";

/** One act on each file, all with the same options; `break` needs a reason. */
export interface BulkBody {
  readonly requestId: string;
  readonly action: BulkAction;
  readonly items: readonly BulkItemBody[];
  readonly hours?: number | null;
  readonly note?: string | null;
  readonly unlockOnUpload?: boolean;
  readonly reason?: string | null;
}

/** `lockId` is the lock that the caller saw: for `unlock`, `extend` and `break`. */
export interface BulkItemBody {
  readonly id: string;
  readonly lockId?: string | null;
  readonly seenVersion?: number | null;
  readonly seenVersionCreated?: string | null;
}

/** A result for each file, in the order of the request; `retryAfter` in seconds, null when nothing is left. */
export interface BulkModel {
  readonly items: readonly BulkResultModel[];
  readonly retryAfter: number | null;
  readonly until: string | null;
  readonly serverTime: string;
}

/** `status` and `body` are those of the single call; `retry`: send the same request again, after `retryAfter`. */
export interface BulkResultModel {
  readonly id: string;
  readonly outcome: "done" | "refused" | "retry";
  readonly status: number;
  readonly body: LockAnswerModel | NotifyModel | ErrorModel;
}

/** What the viewer may do now. */
export interface CanModel {
  readonly lock: boolean;
  readonly release: boolean;
  readonly extend: boolean;
  readonly break: boolean;
  readonly takeOver: boolean;
  readonly notifyMe: boolean;
  readonly giveAccess: boolean;
  readonly request: boolean;
  readonly cancelRequest: boolean;
  readonly decline: boolean;
  readonly handOver: boolean;
}

export interface CancelRequestBody {
  readonly requestId: string;
  readonly lockId: string;
}

/** `accountId` is who asked. */
export interface DeclineBody {
  readonly requestId: string;
  readonly lockId: string;
  readonly accountId: string;
  readonly note?: string | null;
}

/** The words of the app. */
export interface DefaultModel {
  readonly subject: string;
  readonly body: string;
}

export type EndReason = "released" | "broken" | "taken_over" | "handed_over" | "expired" | "holder_gone" | "file_gone";

/** The body of every error; details differ by code. */
export interface ErrorModel {
  readonly error: string;
  readonly message: string;
  readonly [more: string]: unknown;
}

/** Life counts from now; null leaves note and wish as they are, an empty note goes. */
export interface ExtendBody {
  readonly requestId: string;
  readonly lockId: string;
  readonly hours?: number | null;
  readonly note?: string | null;
  readonly unlockOnUpload?: boolean | null;
}

export interface FileModel {
  readonly id: string;
  readonly title: string;
  readonly open: string | null;
}

/** Files that the caller sees. `unknown`: Confluence could not be asked for these just now. */
export interface FilesModel {
  readonly files: readonly FileModel[];
  readonly unknown: readonly string[];
}

/** How long the app may call the site with the token that Forge brought last; null: not until the next one comes.

When Forge sent an event, and its hourly call, last; null: none yet. `formerSite`: there are locks of an earlier
installation by Connect that do not count. */
export interface ForgeHealthModel {
  readonly accessUntil: string | null;
  readonly renewedAt: string | null;
  readonly lastEventAt: string | null;
  readonly lastTickAt: string | null;
  readonly formerSite: boolean;
}

/** Let the locks of an earlier installation by Connect at the same address count; nothing where there is none. */
export interface FormerSiteBody {
  readonly requestId: string;
}

/** Whether there is still one whose locks do not count. */
export interface FormerSiteModel {
  readonly formerSite: boolean;
}

export interface GroupModel {
  readonly id: string;
  readonly name: string;
}

/** Some groups whose name fits, as Confluence shows them to the caller. */
export interface GroupsModel {
  readonly groups: readonly GroupModel[];
}

/** `accountId` is who asked; whoever is not the owner of the lock gives a reason. */
export interface HandOverBody {
  readonly requestId: string;
  readonly lockId: string;
  readonly accountId: string;
  readonly reason?: string | null;
}

/** Of a space only the locks; the other members are null then. `forge` is null on a site at Connect's door, too. */
export interface HealthModel {
  readonly locks: LocksHealthModel;
  readonly points: PointsHealthModel | null;
  readonly mails: MailsHealthModel | null;
  readonly parkedJobs: Readonly<Record<string, number>> | null;
  readonly restoreSelfTest: SelfTestModel | null;
  readonly forge: ForgeHealthModel | null;
  readonly serverTime: string;
}

export interface LastEndedModel {
  readonly reason: EndReason;
  readonly by: PersonModel | null;
  readonly at: string;
  readonly why: string | null;
}

/** Where Confluence shows and serves the file. */
export interface LinksModel {
  readonly open: string;
  readonly download: string;
}

/** The files of a page, `total` in all parts. `active` False: Lockpoint is off here, and nothing is listed. */
export interface ListModel {
  readonly title: string;
  readonly items: readonly AttachmentModel[];
  readonly total: number;
  readonly nextCursor: string | null;
  readonly serverTime: string;
  readonly viewer: ViewerModel;
  readonly active: boolean;
}

/** The titles are null where the owner may not see the page any more. */
export interface ListedLockModel {
  readonly id: string;
  readonly title: string | null;
  readonly open: string | null;
  readonly pageId: string | null;
  readonly pageTitle: string | null;
  readonly lock: LockModel;
}

/** The lock after a call. */
export interface LockAnswerModel {
  readonly id: string;
  readonly lock: LockModel;
  readonly warning: WarningModel | null;
  readonly serverTime: string;
}

/** A lock as the viewer sees it. */
export interface LockModel {
  readonly state: ViewState;
  readonly lockId: string | null;
  readonly holder: PersonModel | null;
  readonly since: string | null;
  readonly expiresAt: string | null;
  readonly secondsLeft: number | null;
  readonly note: string | null;
  readonly unlockOnUpload: boolean;
  readonly protection: "protected" | "restoring" | "unprotected" | "suspended";
  readonly unprotectedReason: string | null;
  readonly pausedUntil: string | null;
  readonly notifyMe: AskingModel;
  readonly requests: readonly RequestModel[];
  readonly can: CanModel;
  readonly lastEnded: LastEndedModel | null;
}

/** The lock of one file. */
export interface LockStateModel {
  readonly id: string;
  readonly lock: LockModel;
  readonly serverTime: string;
}

/** All live locks, also those on pages that the caller may not see. */
export interface LocksHealthModel {
  readonly live: number;
  readonly unprotected: readonly ReasonModel[];
  readonly licensed: boolean;
}

/** Locks across pages; `searchedAll` is false where `q` found more files than are looked at. */
export interface LocksModel {
  readonly items: readonly ListedLockModel[];
  readonly viewerAccountId: string;
  readonly nextCursor: string | null;
  readonly searchedAll: boolean;
  readonly serverTime: string;
}

/** Which optional mails a person wants. */
export interface MailChoices {
  readonly lockEnded?: boolean;
  readonly overwriteAttempt?: boolean;
  readonly unprotected?: boolean;
  readonly lockWillEnd?: boolean;
  readonly editRequest?: boolean;
  readonly editAnswer?: boolean;
  readonly endlessLocks?: boolean;
}

export type MailKind = "upload_undone" | "overwrite_attempt" | "file_available" | "lock_ended_by_other" | "lock_ended" | "unprotected" | "paused" | "lock_will_end" | "edit_request" | "edit_answer" | "endless_locks" | "summary";

/** Of the last seven days by result; people without an address, or told in comments; mails that wait, or parked. */
export interface MailsHealthModel {
  readonly results: Readonly<Record<string, number>>;
  readonly withoutAddress: number;
  readonly toldInComments: number;
  readonly refused: number;
  readonly waiting: number;
  readonly parked: number;
}

/** AccountIDs, and ids of groups. */
export interface ManagersBody {
  readonly people: readonly string[];
  readonly groups: readonly string[];
}

export interface ManagersModel {
  readonly people: readonly string[];
  readonly groups: readonly string[];
}

/** All data about the caller on this site; rows keep their stored names. */
export interface MyDataModel {
  readonly site: string;
  readonly accountId: string;
  readonly collectedAt: string;
  readonly database: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  readonly locks: readonly Readonly<Record<string, unknown>>[];
  readonly ended: readonly Readonly<Record<string, unknown>>[];
  readonly waiting: readonly Readonly<Record<string, unknown>>[];
  readonly requests: readonly Readonly<Record<string, unknown>>[];
  readonly preferences: Readonly<Record<string, unknown>>;
  readonly complete: boolean;
  readonly purposes: Readonly<Record<string, PurposeModel>>;
  readonly notes: readonly string[];
}

/** Title and link are null where the file is gone, or could not be asked for just now. */
export interface NoticeModel {
  readonly id: string;
  readonly kind: MailKind;
  readonly at: string;
  readonly attachmentId: string;
  readonly title: string | null;
  readonly open: string | null;
  readonly version: number | null;
  readonly lockId: string | null;
  readonly detail: string | null;
  readonly person: PersonModel | null;
}

/** What the caller should be shown now, newest first. */
export interface NoticesModel {
  readonly items: readonly NoticeModel[];
  readonly serverTime: string;
}

/** Join or leave the waitlist. */
export interface NotifyBody {
  readonly requestId: string;
}

/** The viewer's place on the waitlist. */
export interface NotifyModel {
  readonly notifyMe: AskingModel;
}

/** Some people whose name fits, as Confluence shows them to the caller. */
export interface PeopleModel {
  readonly people: readonly PersonModel[];
}

/** The name is null where Confluence hides it. */
export interface PersonModel {
  readonly accountId: string;
  readonly displayName: string | null;
}

/** Confluence's points that this site used in the present hour, and may use in one; null: nobody counts. */
export interface PointsHealthModel {
  readonly used: number | null;
  readonly most: number;
  readonly until: string;
  readonly blockedUntil: string | null;
}

/** All preferences; null follows the Confluence profile, and leaves `restricted` as it is. */
export interface PreferencesBody {
  readonly requestId: string;
  readonly mails?: MailChoices;
  readonly locale?: string | null;
  readonly timeZone?: string | null;
  readonly restricted?: boolean | null;
}

/** The caller's preferences. Restricted: data about the person are only kept, not used. */
export interface PreferencesModel {
  readonly mails: MailChoices;
  readonly locale: string | null;
  readonly timeZone: string | null;
  readonly restricted: boolean;
}

/** A mail with invented facts. */
export interface PreviewModel {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

/** Why a group of data is there, and where it comes from. */
export interface PurposeModel {
  readonly purpose: string;
  readonly origin: string;
}

/** Why so many locks do not protect. */
export interface ReasonModel {
  readonly reason: string;
  readonly count: number;
}

export interface ReleaseBody {
  readonly requestId: string;
  readonly lockId: string;
}

/** Ask the owner of this lock for the file. */
export interface RequestBody {
  readonly requestId: string;
  readonly lockId: string;
  readonly message?: string | null;
}

/** Somebody asks for the file; `message` only for the owner and who asks, the last two only for who was declined. */
export interface RequestModel {
  readonly person: PersonModel;
  readonly at: string;
  readonly message: string | null;
  readonly declinedAt: string | null;
  readonly note: string | null;
}

/** `inherited` is what would hold if the space did not decide. */
export interface RuleModel {
  readonly value: boolean | number | null;
  readonly source: Source;
  readonly inherited: boolean | number | null;
}

export interface RulesBody {
  readonly active?: boolean;
  readonly warnAfterHours?: number | null;
  readonly unlockAfterHours?: number | null;
  readonly strict?: boolean;
  readonly undoTrash?: boolean;
  readonly undoRename?: boolean;
}

export interface RulesModel {
  readonly active: RuleModel;
  readonly warnAfterHours: RuleModel;
  readonly unlockAfterHours: RuleModel;
  readonly strict: RuleModel;
  readonly undoTrash: RuleModel;
  readonly undoRename: RuleModel;
}

/** Try again whether Confluence restores versions of attachments. */
export interface SelfTestBody {
  readonly requestId: string;
}

export interface SelfTestModel {
  readonly result: "works" | "refused" | "unknown";
  readonly at: string | null;
}

/** The last result; `secondsUntilNext` is how long it is the answer to whoever asks for another test. */
export interface SelfTestRunModel {
  readonly result: "works" | "refused" | "unknown";
  readonly at: string | null;
  readonly secondsUntilNext: number;
}

export interface SettingsBody {
  readonly requestId: string;
  readonly revision: number;
  readonly active?: boolean;
  readonly warnAfterHours?: number | null;
  readonly unlockAfterHours?: number | null;
  readonly strict?: boolean;
  readonly undoTrash?: boolean;
  readonly undoRename?: boolean;
  readonly longestDays?: number;
  readonly endless?: boolean;
  readonly adminsMayOverwrite?: boolean;
  readonly allowedApps?: readonly string[];
  readonly restores?: number;
  readonly copyMode?: boolean;
  readonly comments?: boolean;
  readonly usageCounts?: boolean;
}

export interface SettingsModel {
  readonly revision: number;
  readonly kept: readonly UsageModel[];
  readonly restoreSelfTest: SelfTestModel;
  readonly active: boolean;
  readonly warnAfterHours: number | null;
  readonly unlockAfterHours: number | null;
  readonly strict: boolean;
  readonly undoTrash: boolean;
  readonly undoRename: boolean;
  readonly longestDays: number;
  readonly endless: boolean;
  readonly adminsMayOverwrite: boolean;
  readonly allowedApps: readonly string[];
  readonly restores: number;
  readonly copyMode: boolean;
  readonly comments: boolean;
  readonly usageCounts: boolean;
}

/** Where the value of a setting comes from. */
export type Source = "default" | "site" | "space";

/** `version` is the one that was read; all of the space's settings are replaced. */
export interface SpaceSettingsBody {
  readonly requestId: string;
  readonly version: number;
  readonly rules: RulesBody;
  readonly managers: ManagersBody;
}

/** `altered`: somebody changed the stored settings without the app; saving writes them again. */
export interface SpaceSettingsModel {
  readonly spaceId: string;
  readonly version: number;
  readonly altered: boolean;
  readonly rules: RulesModel;
  readonly managers: ManagersModel;
}

export interface TakeOverBody {
  readonly requestId: string;
  readonly lockId: string;
  readonly reason: string;
  readonly hours?: number | null;
  readonly note?: string | null;
  readonly unlockOnUpload?: boolean;
}

/** Plain text with placeholders. */
export interface TemplateBody {
  readonly subject: string;
  readonly body: string;
}

/** `custom`: an admin wrote it. */
export interface TemplateModel {
  readonly mail: string;
  readonly subject: string;
  readonly body: string;
  readonly custom: boolean;
  readonly default: DefaultModel;
  readonly placeholders: readonly string[];
}

/** `revision` is the one that was read. */
export interface TemplatesBody {
  readonly requestId: string;
  readonly revision: number;
  readonly language: string;
  readonly templates: TemplatesByMail;
}

export interface TemplatesByMail {
  readonly summary?: TemplateBody | null;
  readonly file_available?: TemplateBody | null;
  readonly upload_undone?: TemplateBody | null;
  readonly "upload_undone.undone"?: TemplateBody | null;
  readonly "upload_undone.renamed"?: TemplateBody | null;
  readonly "upload_undone.digest"?: TemplateBody | null;
  readonly "upload_undone.strict"?: TemplateBody | null;
  readonly "upload_undone.strict_renamed"?: TemplateBody | null;
  readonly "upload_undone.strict_digest"?: TemplateBody | null;
  readonly overwrite_attempt?: TemplateBody | null;
  readonly "overwrite_attempt.undone"?: TemplateBody | null;
  readonly "overwrite_attempt.renamed"?: TemplateBody | null;
  readonly "overwrite_attempt.trashed"?: TemplateBody | null;
  readonly "overwrite_attempt.trashed_renamed"?: TemplateBody | null;
  readonly "overwrite_attempt.while_away"?: TemplateBody | null;
  readonly "overwrite_attempt.digest"?: TemplateBody | null;
  readonly lock_ended_by_other?: TemplateBody | null;
  readonly "lock_ended_by_other.taken_over"?: TemplateBody | null;
  readonly "lock_ended_by_other.handed_over"?: TemplateBody | null;
  readonly lock_ended?: TemplateBody | null;
  readonly "lock_ended.holder_gone"?: TemplateBody | null;
  readonly "lock_ended.file_gone"?: TemplateBody | null;
  readonly unprotected?: TemplateBody | null;
  readonly "unprotected.manager"?: TemplateBody | null;
  readonly paused?: TemplateBody | null;
  readonly "paused.manager"?: TemplateBody | null;
  readonly lock_will_end?: TemplateBody | null;
  readonly edit_request?: TemplateBody | null;
  readonly edit_answer?: TemplateBody | null;
  readonly "edit_answer.handed_over"?: TemplateBody | null;
  readonly endless_locks?: TemplateBody | null;
}

/** `custom` names the languages with texts of admins. `altered`: somebody changed them without the app. */
export interface TemplatesModel {
  readonly revision: number;
  readonly altered: boolean;
  readonly language: string;
  readonly languages: readonly string[];
  readonly custom: readonly string[];
  readonly templates: readonly TemplateModel[];
}

/** Sent to the address that Confluence tells of the caller. */
export interface TestMailModel {
  readonly sent: boolean;
}

/** A text that is not stored. */
export interface TrialBody {
  readonly requestId: string;
  readonly language: string;
  readonly mail: string;
  readonly subject: string;
  readonly body: string;
}

/** All that is ever counted. */
export type UsageEvent = "locked" | "extended" | "released" | "broken" | "taken_over" | "requested" | "declined" | "handed_over" | "asked_to_be_told";

/** An event's count on one day; locale and zone are empty where unknown. */
export interface UsageModel {
  readonly day: string;
  readonly event: UsageEvent;
  readonly locale: string;
  readonly zone: string;
  readonly count: number;
}

/** The status words, from the viewer's side. */
export type ViewState = "free" | "mine" | "other" | "ending" | "unreadable";

export interface ViewerModel {
  readonly accountId: string;
  readonly mayEdit: boolean;
  readonly mayBreak: boolean;
}

/** The call worked; the caller should know this. */
export interface WarningModel {
  readonly code: "head_moved";
  readonly message: string;
  readonly author: string | null;
  readonly version: number;
}
