/** Client and types of `/api/v1`. */
export { ApiError, clientOf, createClient, NetworkError, type Client, type ClientDependencies } from "./client";
export { locksApi, type AcquireOptions, type Attachment, type EditRequest, type EndReason, type ExtendOptions, type LastEnded, type LocksApi, type LockAnswer, type LockView, type NotifyAnswer, type PageOfAttachments, type Person, type Viewer } from "./locks";
export { directoryApi, type DirectoryApi, type Kind, type Named } from "./directory";
export { settingsApi, type Change, type OwnRules, type SettingsApi, type SiteChanges, type SiteSettings, type SpaceChoice, type SpaceSettings } from "./settings";
export { auditApi, type AuditApi, type AuditKind, type AuditPage, type AuditQuery, type AuditRow } from "./audit";
export { healthApi, type Health, type HealthApi, type SelfTest, type UnprotectedLocks } from "./health";
export { templatesApi, type MailName, type Preview, type Template, type Templates, type TemplatesApi, type TemplateText, type Trial } from "./templates";
export { listsApi, type BulkAnswer, type BulkItem, type BulkOrder, type ListedLock, type ListedState, type ListsApi, type LockQuestion, type LockScope, type LockSort, type PartOfLocks } from "./lists";
export { meApi, type MeApi, type MyData, type OptionalMail, type Preferences } from "./me";
export { noticesApi, type NoticeKind, type NoticesApi, type OwnNotice } from "./notices";
