"""The privacy duties: export, erase, report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lockpoint.services.context import Priority, Tenant
from lockpoint.services.ports.confluence import StoredProperty

Row = Mapping[str, object]
"""One stored thing as JSON values."""


class UserProperties(Protocol):
    """The last write wins. People and other apps can write them."""

    def read(self, tenant: Tenant, account: str, key: str, *, priority: Priority) -> StoredProperty | None:
        """Return the property, None also for an unknown account; its version is always 0."""
        ...

    def write(self, tenant: Tenant, account: str, key: str, value: Mapping[str, object], *, priority: Priority) -> None:
        """Create or replace; `GoneOrInvisible` for an unknown account."""
        ...

    def delete(self, tenant: Tenant, account: str, key: str, *, priority: Priority) -> None: ...


@dataclass(frozen=True, slots=True)
class Reported:
    """`retrieved_at` is when the oldest of its data were fetched."""

    account: str
    retrieved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAnswer:
    closed: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    cycle_days: int | None = None


class PersonalDataReports(Protocol):
    def report(self, tenant: Tenant, accounts: Sequence[Reported], *, priority: Priority) -> ReportAnswer:
        """Report at most `MOST_REPORTED` accounts to Atlassian; raises host errors, also `QuotaExceeded`."""
        ...


MOST_REPORTED = 90
"""Atlassian's limit."""


class PrivacyRight(StrEnum):
    COPY = "copy"
    ERASURE = "erasure"
    RESTRICTION = "restriction"


class Origin(StrEnum):
    """Who passed the request on."""

    PERSON = "person"
    OPERATOR = "operator"
    ATLASSIAN = "atlassian"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Live locks may end at `release_at`, the next pass is due at `due_at`.

    `cursor` is the last file of this pass, `skipped` how many of its files were not cleaned.
    """

    request_id: int
    tenant_id: int
    account: str
    pseudonym: str
    release_at: datetime
    due_at: datetime
    cursor: str | None = None
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureOrder:
    """One account of a site; `digest` is kept when Atlassian called it closed."""

    account: str
    pseudonym: str
    origin: Origin
    release_at: datetime
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettlement:
    """Accounts reported, those refreshed, those to erase."""

    at: datetime
    accounts: tuple[str, ...]
    updated: tuple[str, ...] = ()
    closed: tuple[ErasureOrder, ...] = ()
    cycle_days: int | None = None


class PersonStore(Protocol):
    """Rows that name people, requests, erasures, accounts to report. `StorageUnavailable`."""

    def export(self, tenant: Tenant, account: str) -> Mapping[str, Sequence[Row]]:
        """By table, what is stored about the account, nothing about anybody else."""
        ...

    def erase(self, tenant: Tenant, account: str, pseudonym: str, *, keep_files: bool) -> bool:
        """Delete the account from every row and Redis key, or put the pseudonym there.

        False while a running job names it: that may write it again. `keep_files` keeps the witness rows, by which the
        account's files are found; that of a lock it holds always stays, since the lock must end in Confluence.
        """
        ...

    def files_of(
        self, tenant: Tenant, account: str, *, after: str | None, limit: int, own: bool | None = None
    ) -> Sequence[str]:
        """Return ids, after `after`, of files whose properties could name the account.

        `own`: files whose known record names it; not `own`: all other locked ones, where it may wait; None: both.
        """
        ...

    def tenants_naming(self, account: str) -> Sequence[int]:
        """Departed sites, too."""
        ...

    def note_request(self, tenant: Tenant, right: PrivacyRight, origin: Origin, at: datetime) -> int:
        """Return its number; no account is stored."""
        ...

    def note_fulfilled(self, request_id: int, at: datetime) -> None: ...

    def begin_erasures(self, tenant: Tenant, orders: Sequence[ErasureOrder], at: datetime) -> Sequence[Erasure]:
        """Log the requests and queue their jobs, in one transaction.

        One already under way is returned, with the earlier `release_at`.
        """
        ...

    def erasure(self, request_id: int) -> Erasure | None:
        """None when it is over."""
        ...

    def erasures(self) -> Sequence[Erasure]:
        """All under way, oldest first."""
        ...

    def note_progress(self, request_id: int, cursor: str, skipped: int) -> None: ...

    def put_off_erasure(self, request_id: int, due_at: datetime) -> None:
        """The next pass starts at the beginning."""
        ...

    def finish_erasure(self, erasure: Erasure, at: datetime) -> None:
        """Delete the account and log the request as fulfilled, in one transaction."""
        ...

    def list_accounts(self, tenant: Tenant, now: datetime) -> None:
        """Compare the list with what is stored: new accounts get a turn in the cycle, others leave."""
        ...

    def listed_accounts(self, tenant: Tenant) -> Sequence[str]: ...

    def due_accounts(self, tenant: Tenant, now: datetime, limit: int) -> Sequence[Reported]:
        """The longest due first; none while reports are put off."""
        ...

    def closed_accounts(self, tenant: Tenant) -> frozenset[str]: ...

    def reopen_accounts(self, tenant: Tenant, digests: Sequence[str]) -> None:
        """They are in use again."""
        ...

    def settle_report(self, tenant: Tenant, settlement: ReportSettlement) -> None:
        """Store the outcome in one transaction; delete the profiles of `updated` accounts."""
        ...

    def put_off_reports(self, tenant: Tenant, until: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Piece:
    """What the scan looks at: a row with its columns, a key with its value, a line."""

    place: str
    texts: tuple[tuple[str, str | bytes], ...]
    """Names of the parts (may be empty) and their texts."""
