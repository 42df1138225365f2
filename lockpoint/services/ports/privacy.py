"""What people may ask about their data, and what Atlassian must be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lockpoint.services.context import Priority, Tenant

Row = Mapping[str, object]
"""One thing that is stored, as JSON values."""


class UserProperties(Protocol):
    """Properties on accounts. They have no versions: the last write wins. People and other apps can write them, too."""

    def read(self, tenant: Tenant, account: str, key: str, *, priority: Priority) -> object | None:
        """The value; None when there is none, or no such account."""
        ...

    def write(self, tenant: Tenant, account: str, key: str, value: Mapping[str, object], *, priority: Priority) -> None:
        """Store the value, whether there was one or not; `GoneOrInvisible` for an unknown account."""
        ...

    def delete(self, tenant: Tenant, account: str, key: str, *, priority: Priority) -> None:
        """Remove it; a property or an account that is not there is as good."""
        ...


@dataclass(frozen=True, slots=True)
class Reported:
    """An account of whose data we tell Atlassian: `retrieved_at` is when the oldest of them was fetched."""

    account: str
    retrieved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAnswer:
    """What Atlassian says to a report: which accounts were closed, which changed, and when to report again."""

    closed: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    cycle_days: int | None = None


class PersonalDataReports(Protocol):
    """Atlassian's reporting of personal data that apps keep."""

    def report(self, tenant: Tenant, accounts: Sequence[Reported], *, priority: Priority) -> ReportAnswer:
        """Report at most `MOST_REPORTED` accounts; `QuotaExceeded` with the time to wait, and other host errors."""
        ...


MOST_REPORTED = 90
"""Accounts in one report, by Atlassian's rule."""


class PrivacyRight(StrEnum):
    """What a person may ask for."""

    COPY = "copy"
    ERASURE = "erasure"


class Origin(StrEnum):
    """Who passed the request on."""

    PERSON = "person"
    OPERATOR = "operator"
    ATLASSIAN = "atlassian"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """An erasure under way: `release_at` is when live locks may end, `due_at` when the work goes on.

    `cursor` is the last file that this pass dealt with, `skipped` how many of those it could not clean.
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
    """The wish to erase one account of a site; `digest` is remembered when Atlassian said that it was closed."""

    account: str
    pseudonym: str
    origin: Origin
    release_at: datetime
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettlement:
    """What a report led to: these accounts were reported, of these the data are refreshed, these are to be erased."""

    at: datetime
    accounts: tuple[str, ...]
    updated: tuple[str, ...] = ()
    closed: tuple[ErasureOrder, ...] = ()
    cycle_days: int | None = None


class PersonStore(Protocol):
    """What is kept of people: the rows that name them, their requests, erasures, and which accounts to report when.

    Every method raises `StorageUnavailable`.
    """

    def export(self, tenant: Tenant, account: str) -> Mapping[str, Sequence[Row]]:
        """By table of Postgres, what is stored about the account: nothing about anybody else is in it."""
        ...

    def erase(self, tenant: Tenant, account: str, pseudonym: str, *, keep_files: bool) -> bool:
        """Remove the account from every row and from Redis, or put the pseudonym there; one transaction.

        False while a job that names the account still runs: what it knows it may write once more. With `keep_files`
        the copies of records stay, by which the files are found that name the account; a copy that says that the
        account holds a file always stays, since that lock has to end in Confluence.
        """
        ...

    def files_of(
        self, tenant: Tenant, account: str, *, after: str | None, limit: int, own: bool | None = None
    ) -> Sequence[str]:
        """Ids, behind `after`, of the files whose properties could name the account.

        Those are the files whose known record names it (`own`), and all others that anybody holds, since the account
        may wait for them (not `own`); both by default.
        """
        ...

    def tenants_naming(self, account: str) -> Sequence[int]:
        """The sites, gone ones included, for which any row names the account."""
        ...

    def note_request(self, tenant: Tenant, right: PrivacyRight, origin: Origin, at: datetime) -> int:
        """Log a request, without naming anybody; its number."""
        ...

    def note_fulfilled(self, request_id: int, at: datetime) -> None:
        """Log that it was fulfilled."""
        ...

    def begin_erasures(self, tenant: Tenant, orders: Sequence[ErasureOrder], at: datetime) -> Sequence[Erasure]:
        """Log the requests and queue their jobs, in one transaction.

        One that is under way already is given back as it is, but with the earlier of the two times.
        """
        ...

    def erasure(self, request_id: int) -> Erasure | None:
        """One erasure, or None when it is over."""
        ...

    def erasures(self) -> Sequence[Erasure]:
        """All that are under way, oldest first."""
        ...

    def note_progress(self, request_id: int, cursor: str, skipped: int) -> None:
        """Remember how far this pass got, and how many files it could not clean."""
        ...

    def put_off_erasure(self, request_id: int, due_at: datetime) -> None:
        """Remember that the next pass, from the beginning, is due then."""
        ...

    def finish_erasure(self, erasure: Erasure, at: datetime) -> None:
        """Forget whom it was about, and log the request as fulfilled; one transaction."""
        ...

    def list_accounts(self, tenant: Tenant, now: datetime) -> None:
        """Bring the list of accounts in line with what is stored: new ones get a turn in the cycle, others leave it."""
        ...

    def listed_accounts(self, tenant: Tenant) -> Sequence[str]:
        """Every account on the list."""
        ...

    def due_accounts(self, tenant: Tenant, now: datetime, limit: int) -> Sequence[Reported]:
        """Accounts whose turn it is, longest due first; none while Atlassian wants to be left alone."""
        ...

    def closed_accounts(self, tenant: Tenant) -> frozenset[str]:
        """Digests of the accounts that Atlassian called closed."""
        ...

    def reopen_accounts(self, tenant: Tenant, digests: Sequence[str]) -> None:
        """Forget these digests: their accounts are in use again."""
        ...

    def settle_report(self, tenant: Tenant, settlement: ReportSettlement) -> None:
        """Write down in one transaction what a report led to; profiles of `updated` accounts go."""
        ...

    def put_off_reports(self, tenant: Tenant, until: datetime) -> None:
        """Report nothing of this site before that time."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that the scan looks at: a row with its columns, a key with its value, a line."""

    place: str
    texts: tuple[tuple[str, str | bytes], ...]
    """Names of the parts (may be empty) and their texts."""
