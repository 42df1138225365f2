"""What the use cases need from Postgres, Redis and mail, and of time; Confluence has `confluence_ports`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.judge import KnownRestoration
from lockpoint.domain.lock import Record
from lockpoint.services.confluence_ports import Container
from lockpoint.services.context import Tenant

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
