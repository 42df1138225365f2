"""What lists across pages, notices and the health of a site are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from lockpoint.services.context import Tenant
from lockpoint.services.ports.locks import Protection, Witness
from lockpoint.services.ports.notifications import StoredIntent

WELL_PROTECTED: Final = frozenset(
    {Protection.PROTECTED, Protection.RESTORING, Protection.SUSPENDED, Protection.UNCHECKED, Protection.END_UNWRITTEN}
)
"""The others are reasons why a lock does not protect."""


class LockOrder(StrEnum):
    """What Postgres can sort by; a lock without end comes last by `expires`."""

    EXPIRES = "expires"
    EXPIRES_DOWN = "-expires"
    SINCE = "since"
    SINCE_DOWN = "-since"


class ListedState(StrEnum):
    MINE = "mine"
    OTHER = "other"
    ENDING = "ending"
    UNPROTECTED = "unprotected"


LockPlace = tuple[datetime | None, str]
"""The value that locks are sorted by, and the attachment id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockQuery:
    """Which locks are asked for, and after which; None: all. `viewer` gives the states their meaning.

    Of a space also those whose space is not known. `named`: of these files, or of these holders.
    """

    viewer: str
    now: datetime
    space_id: str | None = None
    holder: str | None = None
    page_id: str | None = None
    state: ListedState | None = None
    named: tuple[frozenset[str], frozenset[str]] | None = None
    order: LockOrder = LockOrder.EXPIRES
    after: LockPlace | None = None
    limit: int = 100


class LockIndex(Protocol):
    """Locks that have not run out, as they were known last. Each method is one round trip; `StorageUnavailable`."""

    def page(self, tenant: Tenant, query: LockQuery) -> Sequence[Witness]: ...

    def protections(self, tenant: Tenant, space_id: str | None, now: datetime) -> Mapping[Protection, int]:
        """How many locks of a site, or of one of its spaces, are protected how."""
        ...


@dataclass(frozen=True, slots=True)
class TokenTimes:
    """Of the app's token that Forge brought last."""

    received_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReadings:
    """Of one site: mails since a time by result, parked jobs by kind, and its token if one of Forge's is stored.

    `event_at` and `tick_at`: when Forge sent an event, and its hourly call, last.
    """

    mails: Mapping[str, int]
    parked: Mapping[str, int]
    token: TokenTimes | None = None
    event_at: datetime | None = None
    tick_at: datetime | None = None


class SiteHealth(Protocol):
    """`StorageUnavailable`."""

    def read(self, tenant: Tenant, since: datetime) -> SiteReadings: ...


class RecentIntents(Protocol):
    """`StorageUnavailable`."""

    def of(self, tenant: Tenant, account: str, since: datetime, *, limit: int) -> Sequence[StoredIntent]:
        """What this person was owed to be told since then, newest first, told or not; one round trip."""
        ...
