"""Locks in Postgres, and the one transaction that writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lockpoint.domain.events import AuditKind
from lockpoint.domain.history.judge import FlagReason, KnownRestoration
from lockpoint.domain.lock import Record
from lockpoint.services.context import Tenant
from lockpoint.services.ports.confluence import Container
from lockpoint.services.ports.jobs import Job
from lockpoint.services.ports.notifications import (
    MailIntent,
)
from lockpoint.services.ports.tenancy import (
    SettingsNote,
)


class Protection(StrEnum):
    """How a locked file is protected, or why not (as `FlagReason`)."""

    PROTECTED = "protected"
    RESTORING = "restoring"
    SUSPENDED = "suspended"
    """The file is in the trash with its page."""
    UNCHECKED = "left"
    """Not read since site or space is active again: if it is in the trash, it stays there."""
    END_UNWRITTEN = "end_unwritten"
    """Ended where nobody may write: only the witness knows the end, until the page opens."""
    OWN_ACCOUNT_UNKNOWN = FlagReason.OWN_ACCOUNT_UNKNOWN.value
    OWN_UPLOAD_WITHOUT_SOURCE = FlagReason.OWN_UPLOAD_WITHOUT_SOURCE.value
    ORDER_UNCLEAR = FlagReason.ORDER_UNCLEAR.value
    BASELINE_LOST = FlagReason.BASELINE_LOST.value
    HISTORY_INCOMPLETE = FlagReason.HISTORY_INCOMPLETE.value
    APP_BLOCKED = FlagReason.APP_BLOCKED.value
    RESTORE_REFUSED = FlagReason.RESTORE_REFUSED.value
    PAUSED = FlagReason.PAUSED.value
    TOO_LARGE = FlagReason.TOO_LARGE.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Our copy of a record, without the holder's note: it notices and heals, never grants.

    `version` is the file's newest version at the last look; `signed_by` is the id of the key that signed the record,
    where known. `returned_at` is when the file came from an inactive space into an active one.
    """

    attachment_id: str
    container: Container | None
    space_id: str | None
    record: Record
    protection: Protection = Protection.PROTECTED
    version: int | None = None
    seen_at: datetime
    signed_by: str | None = None
    returned_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """A record write leaves one row, unique by (tenant, attachment, epoch, seq), whichever is written first.

    Other rows have epoch 0 and are unique by (tenant, attachment, seq, kind, at). `at` comes from the record, or is the
    overwrite's host time: writing again after a crash repeats the row. `recovered` marks a row written later.
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
class Restoration:
    """Our version `created` restored `source_created` (both the host's time)."""

    attachment_id: str
    lock_id: str
    created: datetime
    source_created: datetime
    offenders: tuple[str, ...] = ()
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What one cause writes to Postgres, in one transaction.

    `request` finishes a request id: (account, request id, status, error). `settings` and `template_revision` never
    replace newer ones. `decided_on` is (epoch, seq) of the newest record that was known when the others were decided,
    (0, 0) for none: they are stored only while the witness knows no newer one (None: they do not depend on it).
    """

    witness: Witness | None = None
    decided_on: tuple[int, int] | None = None
    audit: tuple[AuditEvent, ...] = ()
    intents: tuple[MailIntent, ...] = ()
    restorations: tuple[Restoration, ...] = ()
    jobs: tuple[Job, ...] = ()
    request: tuple[str, str, int, str | None] | None = None
    settings: SettingsNote | None = None
    template_revision: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """What rows are asked for, newest first; None: all. `since` belongs to them, `until` does not.

    `after` is the row that the last answer ended with. Of a space: rows about files last seen there, and its settings.
    """

    since: datetime | None = None
    until: datetime | None = None
    kind: AuditKind | None = None
    account: str | None = None
    attachment_id: str | None = None
    space_id: str | None = None
    after: AuditEvent | None = None
    limit: int = 100

    @property
    def space_settings(self) -> str:
        """How rows about the settings of the space call them."""
        return f"space/{self.space_id}"


class AuditLog(Protocol):
    def read(self, tenant: Tenant, query: AuditQuery) -> Sequence[AuditEvent]:
        """One round trip; `StorageUnavailable`."""
        ...


class EffectsStore(Protocol):
    def record(self, tenant: Tenant, effects: Effects) -> None:
        """All effects or none, and jobs for new mails; repeating is harmless. `StorageUnavailable`, `WitnessMoved`.

        A recovered row of a beginning notes that the lock began, for the call that asked for it (`Requests`).
        """
        ...


class Witnesses(Protocol):
    """A cache and safety net, never a reason to grant. Each method is one round trip."""

    def get(self, tenant: Tenant, attachment_id: str) -> Witness | None: ...

    def held_among(self, tenant: Tenant, attachment_ids: Iterable[str]) -> frozenset[str]:
        """The ids known as locked."""
        ...

    def held_in(self, tenant: Tenant, container_ids: Iterable[str]) -> frozenset[str]:
        """Ids of files known as locked on these pages or blog posts."""
        ...

    def of_container(self, tenant: Tenant, container_id: str) -> Sequence[Witness]:
        """Ended locks, too."""
        ...

    def live(
        self, tenant: Tenant, *, after: str | None = None, limit: int = 500, space_id: str | None = None
    ) -> Sequence[Witness]:
        """Locks by attachment id, of one space or of all."""
        ...

    def count_held(self, tenant: Tenant, holder: str | None = None, *, running_at: datetime | None = None) -> int:
        """Locks of one person or of all; with a time without those that were over by then, which costs more."""
        ...

    def holders(self, tenant: Tenant) -> Sequence[str]:
        """Each person once who holds a lock."""
        ...

    def held_by(self, tenant: Tenant, holder: str) -> Sequence[Witness]:
        """Locks of one person, by attachment id."""
        ...

    def set_protection(
        self, tenant: Tenant, attachment_id: str, protection: Protection, version: int | None = None
    ) -> bool:
        """Store how a locked file is protected, and its newest version if given; return whether that is a change."""
        ...

    def move(self, tenant: Tenant, attachment_id: str, space_id: str, *, returns: bool) -> None:
        """Note in which space the file is; where its lock protects again with this, when, and that it was not read."""
        ...

    def marked(self, tenant: Tenant, protections: Iterable[Protection]) -> frozenset[str]:
        """Ids of the files that are marked so."""
        ...

    def still_there(self, tenant: Tenant, attachment_id: str, at: datetime) -> None:
        """Note that Confluence showed the record again; one not confirmed for 30 days is deleted."""
        ...

    def ended_naming(self, tenant: Tenant, before: datetime, *, after: str, limit: int) -> Sequence[str]:
        """Files whose lock has ended, last confirmed before this, and whose record still names somebody; by id."""
        ...

    def any(self, tenant: Tenant) -> bool: ...


class Restorations(Protocol):
    def known(self, tenant: Tenant, attachment_id: str) -> tuple[KnownRestoration, ...]:
        """Our own versions and their sources."""
        ...

    def recent(self, tenant: Tenant, lock_id: str) -> Sequence[Restoration]: ...


class CreationGuard(Protocol):
    """One creator of a file's first record at a time."""

    def claim(self, tenant: Tenant, attachment_id: str, op_id: str, *, until: datetime) -> bool:
        """True when unclaimed, run out, or ours (same op_id)."""
        ...

    def release(self, tenant: Tenant, attachment_id: str, op_id: str) -> None:
        """Only if `op_id` holds it. Not after a time-out, whose write may still land."""
        ...
