"""What Postgres keeps about locks: witnesses, audit rows, restorations, and the transaction that writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lockpoint.domain.events import AuditKind
from lockpoint.domain.judge import FlagReason, KnownRestoration
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
    """How a locked file is protected, or why it is not (the words of `FlagReason`)."""

    PROTECTED = "protected"
    RESTORING = "restoring"
    SUSPENDED = "suspended"
    """The file is in the trash together with its page."""
    UNCHECKED = "left"
    """Nobody read the file since the site is active again: if it is in the trash, it stays there."""
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
    """Our copy of a stored record: it notices and heals, and never grants. The holder's note is left out.

    `signed_by` is the id of the key that signed the record in Confluence; None when that is not known.
    """

    attachment_id: str
    container: Container | None
    space_id: str | None
    record: Record
    protection: Protection = Protection.PROTECTED
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
class Restoration:
    """That we made version `created` of a file bring back `source_created` (both the host's time)."""

    attachment_id: str
    lock_id: str
    created: datetime
    source_created: datetime
    offenders: tuple[str, ...] = ()
    at: datetime


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


class EffectsStore(Protocol):
    """What must not be lost: effects in one transaction."""

    def record(self, tenant: Tenant, effects: Effects) -> None:
        """Write all effects, or none; repeating is harmless. Mail intents that are new get their send job.

        Raises `StorageUnavailable`.
        """
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

    def set_protection(self, tenant: Tenant, attachment_id: str, protection: Protection) -> bool:
        """Say how a held file is protected; True when that is a change."""
        ...

    def still_there(self, tenant: Tenant, attachment_id: str, at: datetime) -> None:
        """Note that Confluence showed the same record again: what it does not confirm for 30 days is forgotten."""
        ...

    def any(self, tenant: Tenant) -> bool:
        """Whether the site has any witness row at all."""
        ...


class Restorations(Protocol):
    """What we ourselves brought back."""

    def known(self, tenant: Tenant, attachment_id: str) -> tuple[KnownRestoration, ...]:
        """Our own versions of this file and their sources."""
        ...

    def recent(self, tenant: Tenant, lock_id: str) -> Sequence[Restoration]:
        """All restorations for one hold, for the budget."""
        ...


class CreationGuard(Protocol):
    """One creator of a file's first record at a time, also after a time-out."""

    def claim(self, tenant: Tenant, attachment_id: str, op_id: str, *, until: datetime) -> bool:
        """Claim by conditional update; True when free, run out, or already ours (same op_id)."""
        ...

    def release(self, tenant: Tenant, attachment_id: str, op_id: str) -> None:
        """Give it back; not called after a time-out, whose write may still land."""
        ...
