"""What the use cases about a site's licence and its usage counts need from the neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from lockpoint.services.context import Lane, Tenant

# --- licence ---------------------------------------------------------------------------------------------------


class Licence(StrEnum):
    """What is known of a site's licence; an evaluation counts as one."""

    ACTIVE = "active"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class LicenceNote:
    """What was last heard, and when; both None when nothing was heard yet."""

    licence: Licence | None = None
    checked_at: datetime | None = None


class Licences(Protocol):
    """What we remember of licences; `StorageUnavailable`."""

    def get(self, tenant: Tenant) -> LicenceNote:
        """What was last heard."""
        ...

    def note(self, tenant: Tenant, *, active: bool, at: datetime) -> Licence:
        """Remember what was heard at `at`, and answer what counts; with a licence that comes back the site does."""
        ...

    def lift(self) -> None:
        """Licences do not count any more: sites that had none come back."""
        ...


class LicenceSource(Protocol):
    """What Confluence says of the licence."""

    def active(self, tenant: Tenant, *, lane: Lane) -> bool:
        """Whether the site has a licence, or an evaluation, now; raises the host's errors."""
        ...


# --- usage counts ----------------------------------------------------------------------------------------------


class UsageEvent(StrEnum):
    """All that is ever counted."""

    LOCKED = "locked"
    EXTENDED = "extended"
    RELEASED = "released"
    BROKEN = "broken"
    TAKEN_OVER = "taken_over"
    ASKED_TO_BE_TOLD = "asked_to_be_told"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """How often something happened on one UTC day; locale and zone are "" where they are not known."""

    day: date
    event: UsageEvent
    locale: str
    zone: str
    count: int


class UsageCounts(Protocol):
    """Counts of days without people, for sites that switched them on; `StorageUnavailable`."""

    def counting(self, tenant: Tenant) -> bool:
        """Whether the site has its usage counted."""
        ...

    def switch(self, tenant: Tenant, *, on: bool) -> None:
        """Begin to count, or stop and erase every count of the site, in one transaction."""
        ...

    def count(self, tenant: Tenant, account: str, event: UsageEvent, day: date) -> None:
        """Add one, unless the site has it off; of the account only locale and time zone are used, as far as known."""
        ...

    def kept(self, tenant: Tenant, since: date) -> Sequence[UsageRow]:
        """Every count of the site from that day on, newest day first."""
        ...
