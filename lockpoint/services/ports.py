"""What the use cases need from the neighbours; the folders of those names implement it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from lockpoint.locking.enforcement import FileStatus, KnownRestoration, Version
from lockpoint.locking.events import AuditKind, MailKind
from lockpoint.locking.lock import Base, Record
from lockpoint.services.context import Lane, Tenant

# --- time and chance -------------------------------------------------------------------------------------------


class Clock(Protocol):
    """Our own time; it decides expiry and nothing else."""

    def now(self) -> datetime:
        """The present, UTC, aware."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Ids(Protocol):
    """128-bit random names."""

    def new(self) -> str:
        """A fresh one, 32 lower-case hex digits."""
        ...

    def fraction(self) -> float:
        """Evenly spread in [0, 1); for jitter."""
        ...


# --- Confluence ------------------------------------------------------------------------------------------------


class ContainerKind(StrEnum):
    """What an attachment hangs on."""

    PAGE = "page"
    BLOGPOST = "blogpost"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Container:
    """The page or blog post of an attachment."""

    kind: ContainerKind
    id: str


@dataclass(frozen=True, slots=True)
class StoredProperty:
    """A property as it lies in Confluence: numeric id, version from 1, value as parsed JSON, host's time of writing."""

    id: str
    version: int
    value: object
    created: datetime | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One attachment as the caller sees it; names live only as long as this value does.

    `id` is bare digits. `may_update` is what the caller may do with the file. `properties` holds every row found
    under our lock key, lowest id first (normally none or one); None when they were not asked for. `watch` is the row
    under `lockpointwatch` from the same answer. `host_time` is the answer's Date header.
    """

    id: str
    status: FileStatus
    title: str
    media_type: str
    size: int
    container: Container | None
    head: Version
    may_update: bool = False
    properties: tuple[StoredProperty, ...] | None = None
    watch: StoredProperty | None = None
    open_url: str = ""
    download_url: str = ""
    host_time: datetime | None = None

    def base(self) -> Base:
        """The newest version, as a record keeps it."""
        return Base(created=self.head.created, author=self.head.author, size=self.head.size, number=self.head.number)


@dataclass(frozen=True, slots=True)
class AttachmentPage:
    """One page of a listing, and where the next begins (opaque; None at the end)."""

    items: tuple[Attachment, ...]
    next_cursor: str | None


class Attachments(Protocol):
    """Attachments of a site. `person` None means: as the app; otherwise as that account (impersonation).

    Every method raises the errors of `services.errors`; `GoneOrInvisible` is one witness only.
    """

    def get(
        self,
        tenant: Tenant,
        attachment_id: str,
        *,
        lane: Lane,
        person: str | None = None,
        properties: bool = True,
        operations: bool = True,
    ) -> Attachment:
        """The attachment with its newest version, our lock property rows and the caller's rights, in one call."""
        ...

    def of_container(
        self,
        tenant: Tenant,
        container: Container,
        *,
        lane: Lane,
        person: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> AttachmentPage:
        """The current attachments that the caller may see (without properties and rights)."""
        ...

    def versions(
        self, tenant: Tenant, attachment_id: str, *, back_to: datetime | None, lane: Lane
    ) -> tuple[tuple[Version, ...], bool]:
        """Versions oldest first, paged back until one is not younger than `back_to` (None: all); and whether complete.

        Sizes, file ids and titles are not in this listing; `version` reads them.
        """
        ...

    def version(self, tenant: Tenant, attachment_id: str, number: int, *, lane: Lane) -> Version:
        """One version with its size, file id and title."""
        ...

    def restore(self, tenant: Tenant, attachment_id: str, number: int, message: str, *, lane: Lane) -> Version:
        """Make version `number` current again by Confluence's own operation; `Rejected` or `Forbidden` when refused.

        Answers the version that this made.
        """
        ...

    def copy(self, tenant: Tenant, attachment: Attachment, source: Version, message: str, *, lane: Lane) -> Version:
        """Copy mode: stream the bytes of `source` from Confluence back to Confluence as a new minor version.

        Raises `TooLarge` above the limit, `BadAnswer` when what arrived is not as long as `source.size`.
        """
        ...

    def rename(self, tenant: Tenant, attachment: Attachment, title: str, *, lane: Lane) -> None:
        """Give the file this name, on condition that its version is still `attachment.head` (`LostRace` otherwise)."""
        ...

    def undelete(self, tenant: Tenant, attachment: Attachment, title: str, *, lane: Lane) -> None:
        """Bring a trashed file back under `title`; `LostRace` when the name is taken or the version moved."""
        ...

    def confirmed_gone(self, tenant: Tenant, attachment_id: str, container: Container | None, *, lane: Lane) -> bool:
        """Whether two different reads at least 1.5 s apart agree that the file is purged."""
        ...


class LockProperties(Protocol):
    """The lock record's place: a content property whose write is conditional on its version."""

    def read(self, tenant: Tenant, attachment_id: str, *, lane: Lane) -> tuple[StoredProperty, ...]:
        """All rows under the lock key, lowest id first; empty when there is none; `GoneOrInvisible` for the file."""
        ...

    def create(self, tenant: Tenant, attachment_id: str, value: Mapping[str, object], *, lane: Lane) -> StoredProperty:
        """Create the row; `LostRace` when one exists; `HostUnavailable`: it may exist now, or appear later."""
        ...

    def replace(
        self,
        tenant: Tenant,
        attachment_id: str,
        property_id: str,
        value: Mapping[str, object],
        version: int,
        *,
        lane: Lane,
    ) -> StoredProperty:
        """Write `value` as version `version`, which must be the present one + 1; `LostRace`, also for a gone row."""
        ...

    def delete(self, tenant: Tenant, attachment_id: str, property_id: str, *, lane: Lane) -> None:
        """Remove a superfluous duplicate row; never used on the only row."""
        ...


class PropertyHost(StrEnum):
    """What other properties of ours hang on."""

    ATTACHMENT = "attachment"
    PAGE = "page"
    BLOGPOST = "blogpost"
    SPACE = "space"


class Properties(Protocol):
    """Our other properties: who asked to be notified, the byline text, configuration."""

    def read(self, tenant: Tenant, host: PropertyHost, host_id: str, key: str, *, lane: Lane) -> StoredProperty | None:
        """The row (the lowest id of several), or None."""
        ...

    def create(
        self, tenant: Tenant, host: PropertyHost, host_id: str, key: str, value: object, *, lane: Lane
    ) -> StoredProperty:
        """Create it; `LostRace` when it exists."""
        ...

    def replace(
        self, tenant: Tenant, host: PropertyHost, host_id: str, stored: StoredProperty, value: object, *, lane: Lane
    ) -> StoredProperty:
        """Write the version after `stored.version`; `LostRace` when somebody was faster."""
        ...

    def read_app(self, tenant: Tenant, key: str, *, lane: Lane) -> object | None:
        """An app property's value, or None; last write wins there, and users can write it: verify what you read."""
        ...

    def write_app(self, tenant: Tenant, key: str, value: object, *, lane: Lane) -> None:
        """Store an app property."""
        ...


@dataclass(frozen=True, slots=True)
class ContainerView:
    """A page or blog post as one person sees it now."""

    container: Container
    space_id: str
    title: str
    status: FileStatus
    may_update: bool


@dataclass(frozen=True, slots=True)
class Person:
    """What Confluence shows of a person; `active` False for closed or deactivated accounts."""

    account_id: str
    display_name: str
    active: bool
    time_zone: str | None = None
    locale: str | None = None


class People(Protocol):
    """People and their rights, always established by Confluence itself."""

    def container(self, tenant: Tenant, account: str | None, container: Container, *, lane: Lane) -> ContainerView:
        """The page or blog post as `account` (None: the app) sees it; `GoneOrInvisible` when they do not."""
        ...

    def administers_space(self, tenant: Tenant, account: str, space_id: str, *, lane: Lane) -> bool:
        """Whether `account` administers the space (asked as that person)."""
        ...

    def administers_site(self, tenant: Tenant, account: str, *, lane: Lane) -> bool:
        """Whether `account` administers Confluence."""
        ...

    def describe(self, tenant: Tenant, accounts: Sequence[str], *, lane: Lane) -> Mapping[str, Person]:
        """Names for display; accounts that Confluence does not know are left out."""
        ...

    def profile(self, tenant: Tenant, account: str, *, lane: Lane) -> Person:
        """One person with time zone and locale, as far as Confluence tells; `GoneOrInvisible` for an unknown one."""
        ...

    def space_administrators(self, tenant: Tenant, space_id: str, *, lane: Lane) -> Sequence[str]:
        """The people who are named as administrators of the space; groups are not taken apart."""
        ...

    def address(self, tenant: Tenant, account: str, *, lane: Lane) -> str:
        """The person's e-mail address, for this one mail; `NoAddress` when there is none to be had."""
        ...

    def own_account(self, tenant: Tenant, *, lane: Lane) -> str:
        """The account id of the app user on this site; cached, it never changes during an installation."""
        ...


class LockSearch(Protocol):
    """Finding locks again on a site whose witness rows are lost."""

    def containers_with_locks(
        self, tenant: Tenant, *, cursor: str | None, lane: Lane
    ) -> tuple[tuple[Container, ...], str | None]:
        """Pages and blog posts whose `lockedCount` hint is above 0; `Rejected` where the search knows no such hint."""
        ...

    def spaces(self, tenant: Tenant, *, cursor: str | None, lane: Lane) -> tuple[tuple[str, ...], str | None]:
        """Ids of the current spaces."""
        ...

    def attachments_of_space(
        self, tenant: Tenant, space_id: str, *, cursor: str | None, lane: Lane
    ) -> tuple[tuple[tuple[str, Container], ...], str | None]:
        """Ids of the attachments of a space with what they hang on."""
        ...


@dataclass(frozen=True, slots=True)
class ScratchTrial:
    """What trying the restore operation showed (None: nowhere to try); `scratch_id` is the file to use again."""

    works: bool | None
    scratch_id: str | None


class ScratchFiles(Protocol):
    """A file of the app's own, seen by nobody, to try things on."""

    def try_restore(self, tenant: Tenant, scratch_id: str | None, *, lane: Lane) -> ScratchTrial:
        """Whether Confluence's restore operation brings back an attachment's old content here.

        `works` is False when it refuses, or when the content was not the old one.
        """
        ...


# --- Postgres --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Our copy of a stored record: it notices and heals, and never grants. The holder's note is left out.

    `signed_by` is the id of the key that signed the record in Confluence; None when that is not known.
    """

    attachment_id: str
    container: Container | None
    space_id: str | None
    record: Record
    protection: str = "protected"
    seen_at: datetime
    signed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One row of the audit log; unique by (tenant, attachment, epoch, seq, kind, at).

    `at` is the time inside the stored record (or the offending version's host time), so that writing the row again
    after a crash repeats the same row. `recovered` marks a row that was written later.
    """

    at: datetime
    kind: AuditKind
    attachment_id: str | None
    account: str | None
    epoch: int = 0
    seq: int = 0
    lock_id: str | None = None
    version: int | None = None
    detail: str | None = None
    recovered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MailIntent:
    """That one person is to be told one thing, once: unique by (tenant, kind, event_key, recipient).

    Carries ids only; names and the address are looked up when the mail is sent. `actor` is the other person in the
    story, `created` the offending version's host time. Reasons stay in the signed property.
    """

    kind: MailKind
    recipient: str
    attachment_id: str
    event_key: str
    actor: str | None = None
    lock_id: str | None = None
    version: int | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """That we made version `created` of a file bring back `source_created` (both the host's time)."""

    attachment_id: str
    lock_id: str
    created: datetime
    source_created: datetime
    offenders: tuple[str, ...] = ()
    at: datetime


class OutcomeState(StrEnum):
    """What is known of a request id."""

    FRESH = "fresh"
    RUNNING = "running"
    DONE = "done"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a request: `lock_id` and `op_id` were chosen before the first write; `error` is an error code."""

    state: OutcomeState
    digest: str
    lock_id: str
    op_id: str
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Everything that one cause leaves in Postgres; written in one transaction, or not at all.

    `jobs` are deferred in the same transaction. `request` finishes a request id: (account, request id, status, error).
    `settings` are remembered unless newer ones are.
    """

    witness: Witness | None = None
    audit: tuple[AuditEvent, ...] = ()
    intents: tuple[MailIntent, ...] = ()
    restorations: tuple[Restoration, ...] = ()
    jobs: tuple[Job, ...] = ()
    request: tuple[str, str, int, str | None] | None = None
    settings: SettingsNote | None = None


class JobKind(StrEnum):
    """The durable jobs; each takes ids only."""

    RECONCILE = "reconcile"
    TRASHED = "trashed"
    SWEEP = "sweep"
    REDISCOVER = "rediscover"
    SELF_TEST = "self_test"
    PAGE_HINT = "page_hint"
    SEND_MAIL = "send_mail"
    CONFIRM = "confirm"
    PROFILE = "profile"
    ERASE = "erase"
    REPORT_ACCOUNTS = "report_accounts"


@dataclass(frozen=True, slots=True)
class Job:
    """One job; `subject` is an attachment id, container (`page:123`), or intent id; "" for the whole tenant.

    A `TRASHED` job names the file and who is said to have thrown it away (`123:<account id>`); a `CONFIRM` job names
    the file and the write that may have landed unnoticed (`123:<op id>`); a `PROFILE` job names the account, an `ERASE`
    job the number of the request.

    Two waiting jobs of the same kind, tenant and subject are one.
    """

    kind: JobKind
    tenant_id: int
    subject: str = ""
    delay: timedelta = timedelta()


class Ledger(Protocol):
    """What must not be lost: effects in one transaction."""

    def record(self, tenant: Tenant, effects: Effects) -> None:
        """Write all effects, or none; repeating is harmless. Mail intents that are new get their send job.

        Raises `StorageUnavailable`.
        """
        ...


class Jobs(Protocol):
    """Work for later that needs no other effect in its transaction."""

    def defer(self, jobs: Sequence[Job]) -> None:
        """Put the jobs into the queue, coalescing equal ones; `StorageUnavailable`."""
        ...


class Witnesses(Protocol):
    """The witness table: cache, list and safety net; never a source of a "yes"."""

    def get(self, tenant: Tenant, attachment_id: str) -> Witness | None:
        """The newest known record of the file."""
        ...

    def held_among(self, tenant: Tenant, attachment_ids: Iterable[str]) -> frozenset[str]:
        """Those of the ids that are locked as far as we know; one round trip."""
        ...

    def held_in(self, tenant: Tenant, container_ids: Iterable[str]) -> frozenset[str]:
        """Attachment ids locked, as far as we know, on these pages or blog posts; one round trip."""
        ...

    def of_container(self, tenant: Tenant, container_id: str) -> Sequence[Witness]:
        """All known records of a page's or blog post's files, held and ended; one round trip."""
        ...

    def live(self, tenant: Tenant, *, after: str | None = None, limit: int = 500) -> Sequence[Witness]:
        """Held records of the site, by attachment id."""
        ...

    def count_held(self, tenant: Tenant, holder: str | None = None) -> int:
        """How many live locks the site has (or one person has)."""
        ...

    def set_protection(self, tenant: Tenant, attachment_id: str, protection: str) -> bool:
        """Say how a held file is protected (`protected`, `restoring`, or why not); True when that is a change."""
        ...

    def still_there(self, tenant: Tenant, attachment_id: str, at: datetime) -> None:
        """Note that Confluence showed the same record again: what it does not confirm for 30 days is forgotten."""
        ...

    def any(self, tenant: Tenant) -> bool:
        """Whether the site has any witness row at all."""
        ...

    def forget(self, tenant: Tenant, attachment_id: str) -> None:
        """Drop the row of a file that is gone."""
        ...


class Restorations(Protocol):
    """What we ourselves brought back."""

    def known(self, tenant: Tenant, attachment_id: str) -> tuple[KnownRestoration, ...]:
        """Our own versions of this file and their sources."""
        ...

    def recent(self, tenant: Tenant, lock_id: str) -> Sequence[Restoration]:
        """All restorations for one hold, for the budget."""
        ...


class Requests(Protocol):
    """Idempotency of writing calls, unique by (tenant, account, request id), kept for 24 hours."""

    def begin(self, tenant: Tenant, account: str, request_id: str, *, digest: str, lock_id: str, op_id: str) -> Outcome:
        """Claim the request id, or tell what became of it.

        FRESH: go on with the given ids. RESUMED: an earlier attempt died; go on with the ids in the answer.
        RUNNING: a twin is at work. DONE: the stored outcome. A differing digest is for the caller to notice.
        """
        ...

    def abandon(self, tenant: Tenant, account: str, request_id: str) -> None:
        """Let a repeated call resume at once (the outcome is unknown)."""
        ...


class CreationGuard(Protocol):
    """One creator of a file's first record at a time, also after a time-out."""

    def claim(self, tenant: Tenant, attachment_id: str, op_id: str, *, until: datetime) -> bool:
        """Claim by conditional update; True when free, run out, or already ours (same op_id)."""
        ...

    def release(self, tenant: Tenant, attachment_id: str, op_id: str) -> None:
        """Give it back; not called after a time-out, whose write may still land."""
        ...


class Tenants(Protocol):
    """The installations that use cases and jobs ask for."""

    def by_id(self, tenant_id: int) -> Tenant | None:
        """One installation, also an inactive one."""
        ...

    def active(self) -> Sequence[Tenant]:
        """Installed and enabled ones."""
        ...

    def installed(self) -> Sequence[Tenant]:
        """Installed ones, disabled ones too."""
        ...


@dataclass(frozen=True, slots=True)
class SettingsNote:
    """The newest settings of a site that we know: `fields` is their canonical JSON, to be written again if need be."""

    revision: int
    fields: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """What Postgres keeps of a site: its newest settings, the self-test's result, and where a search stands."""

    settings: SettingsNote | None = None
    restore_works: bool | None = None
    tested_at: datetime | None = None
    scratch_id: str | None = None
    cursor: str | None = None

    @property
    def revision(self) -> int:
        """The newest revision of the settings that we know; 0 when we know none."""
        return self.settings.revision if self.settings else 0


class SiteStates(Protocol):
    """Per-site state; each method touches its own columns only, so that writers cannot undo each other."""

    def get(self, tenant: Tenant) -> SiteState:
        """The state; the empty one when nothing was stored."""
        ...

    def note_test(self, tenant: Tenant, *, works: bool, at: datetime, scratch_id: str | None) -> None:
        """Keep what a trial of the restore operation showed; a scratch id of None leaves the known one."""
        ...

    def note_place(self, tenant: Tenant, cursor: str | None) -> None:
        """Keep where the search for locks goes on."""
        ...

    def exclusive(self, tenant: Tenant) -> AbstractContextManager[None]:
        """Hold the site's settings and preferences alone (advisory lock) for the duration of the block."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIntent:
    """A mail intent as it waits."""

    id: int
    tenant_id: int
    intent: MailIntent
    done: bool


class Intents(Protocol):
    """Mail intents and the log of what was sent."""

    def get(self, intent_id: int) -> StoredIntent | None:
        """One intent, or None when it is gone."""
        ...

    def finish(self, stored: StoredIntent, *, result: str, address: str | None) -> None:
        """Mark it done and log time, kind, result and the hashed address (never the address itself)."""
        ...


# --- Redis and mail --------------------------------------------------------------------------------------------


class Mutexes(Protocol):
    """Best-effort exclusion; when Redis is away everybody gets in, and nothing goes wrong but efficiency."""

    def hold(self, name: str, seconds: float) -> AbstractContextManager[bool]:
        """Whether this caller got it, for the duration of the block."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """What a mail says: filled at the moment of sending, kept nowhere.

    `detail` is the intent's word: `undone` or `not_undone` for an overwrite; `renamed`, `trashed` or, under another
    name, `trashed_renamed` for what was undone of that kind; the reason code of an ending or a flag. `unsubscribe_url`
    switches mails of this kind off for the recipient; None for mails that cannot be switched off.
    """

    kind: MailKind
    detail: str | None = None
    recipient_name: str
    file_name: str
    page_title: str
    page_url: str
    file_url: str
    actor_name: str | None
    reason: str | None
    at: datetime | None
    locale: str
    time_zone: str
    version: int | None = None
    unsubscribe_url: str | None = None


class Mailer(Protocol):
    """Composes and sends one mail."""

    def send(self, address: str, facts: MailFacts, *, message_id: str) -> None:
        """Hand it to the mail server; `MailRefused` (never try again) or `MailUnavailable` (later)."""
        ...


class MailRefused(Exception):
    """The mail server refuses this mail for good."""


class MailUnavailable(Exception):
    """The mail server is away or says: later."""


# --- installations: who may call us, and with which secret -----------------------------------------------------


class InstallationEvent(StrEnum):
    """What is logged about an installation (no personal data)."""

    INSTALLED = "installed"
    REINSTALLED = "reinstalled"
    SECRET_CHANGED = "secret_changed"  # noqa: S105 - the name of an event
    RENAMED = "renamed"
    SUPERSEDED = "superseded"
    UNINSTALLED = "uninstalled"
    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What is stored about one installation, by client key; secrets in the clear here, encrypted by the storage.

    `secret` is None once uninstalled, and `uninstalled_at` tells since when. `previous_secret` was in force until
    `secret_changed_at`.
    """

    client_key: str
    base_url: str
    display_url: str | None = None
    oauth_client_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    previous_secret: str | None = field(default=None, repr=False)
    secret_changed_at: datetime | None = None
    installed: bool = True
    enabled: bool = True
    uninstalled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Installation:
    """A stored registration with the tenant it stands for."""

    tenant: Tenant
    registration: Registration


class InstallationChange(Protocol):
    """One transaction that alone may change the installations with this client key or base URL."""

    def find(self, client_key: str) -> Installation | None:
        """The row, also of an uninstalled site."""
        ...

    def find_replaced(self, client_key: str) -> Installation | None:
        """The row whose secret is about to be replaced or erased: one that no key opens any more counts as none."""
        ...

    def sharing(self, base_url: str, *, other_than: str) -> Sequence[Installation]:
        """Installed rows with this base URL and another client key than `other_than`; lost secrets count as none."""
        ...

    def store(self, registration: Registration) -> Tenant:
        """Insert or replace the row of this client key (the tenant's id never changes)."""
        ...

    def log(self, tenant_id: int, event: InstallationEvent, at: datetime) -> None:
        """Add a line to the log of installs and uninstalls."""
        ...

    def come_back(self, tenant_id: int) -> None:
        """Note that the app is at work here again, by the storage's clock, and queue what follows from it."""
        ...

    def defer(self, jobs: Sequence[Job]) -> None:
        """Put jobs into the queue in this transaction, coalescing equal ones."""
        ...


class Installations(Protocol):
    """The installation table; every method raises `StorageUnavailable`."""

    def find(self, client_key: str) -> Installation | None:
        """The installation of a client key, also an uninstalled one; one round trip."""
        ...

    def of(self, tenant_id: int) -> Installation | None:
        """The installation of a tenant, for signing calls to it."""
        ...

    def change(self, client_key: str, base_url: str | None = None) -> AbstractContextManager[InstallationChange]:
        """A transaction under advisory locks on both values; commits at the end of the block, unless it raises."""
        ...


# --- working off the queue, and the clock's chores -------------------------------------------------------------

JobHandler = Callable[[int, str], None]
"""Does one job of a kind: tenant id and subject."""


class JobRunner(Protocol):
    """The worker's side of the queue."""

    def run(self, handlers: Mapping[JobKind, JobHandler]) -> None:
        """Work until the process is asked to stop; every kind needs its handler.

        What a handler raises decides: dropped, tried later, or parked as failed with the name of the error.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeReport:
    """What a purge did: places with numbers of rows or partitions, nothing about anybody.

    `overdue` counts, after the purge, what should not be there any more; `failed` names the steps that will be tried
    again. `late` counts what is not the purge's to do and should be done by now: erasures of people, and accounts of
    which Atlassian was not told in time.
    """

    at: datetime
    retention_days: int
    gone: Mapping[str, int]
    overdue: Mapping[str, int]
    failed: tuple[str, ...] = ()
    late: Mapping[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether nothing is left that this or the next purge should remove."""
        return not self.failed and not any(self.overdue.values())

    @property
    def total(self) -> int:
        """How many rows and partitions went."""
        return sum(self.gone.values())


class Upkeep(Protocol):
    """What one clock process does beside putting jobs into the queue; `StorageUnavailable` but for the first two."""

    def lead(self) -> bool:
        """Whether this process is the one clock, now."""
        ...

    def resign(self) -> None:
        """Let another clock lead."""
        ...

    def requeue_stalled(self) -> int:
        """Give the running jobs of dead workers back to the queue; how many there were."""
        ...

    def make_partitions(self) -> int:
        """Make the partitions of the coming days; how many were missing."""
        ...

    def purge(self) -> PurgeReport:
        """Delete what has reached its age, as far as it can be reached now; see the report's `complete`."""
        ...

    def live_locks(self) -> int:
        """Count the locks of all active sites, as far as we know."""
        ...

    def without_witness(self) -> Sequence[Tenant]:
        """Give the active sites of which the witness table knows nothing."""
        ...
