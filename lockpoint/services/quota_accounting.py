"""Charges quota points to the use case that spends them, and to the person who asked for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from lockpoint.services.context import Priority

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Spending:
    """One line of the account: what a site's calls of one priority and use case cost in one UTC hour."""

    tenant_id: int
    priority: Priority
    use_case: str
    points: int


class Share(StrEnum):
    """Whose points are counted together."""

    ALL = "all"
    SITE = "site"
    PAGE = "page"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Counter:
    """The points of one share since `since`; `subject` is an account or page id, 0 stands for no site."""

    since: datetime
    share: Share
    tenant_id: int = 0
    subject: str = ""


@dataclass(frozen=True, slots=True)
class SharedState:
    """What all processes together know: points spent, and until when the host wants no calls."""

    spent: Mapping[Counter, int] = field(default_factory=dict)
    blocked_until: datetime | None = None


class SharedPoints(Protocol):
    """The account of all processes; no method raises or takes long."""

    def read(self, counters: Sequence[Counter], tenant_id: int) -> SharedState:
        """Empty while nobody answers: then a process goes by what it knows itself."""
        ...

    def report(self, hour: datetime) -> Sequence[Spending] | None:
        """The lines of one hour; None while nobody answers."""
        ...

    def add(self, counters: Sequence[Counter], hour: datetime, spending: Spending) -> None: ...

    def block(self, tenant_id: int | None, until: datetime) -> None:
        """Stop calls to one site, or all (None), in every process."""
        ...


class Lane(StrEnum):
    REPORTS = "reports"
    LOOKS = "looks"
    SWEEP = "sweep"
    PEOPLE = "people"
    ENDINGS = "endings"
    ENFORCEMENT = "enforcement"


CEILING: Final[Mapping[Lane, float]] = {
    Lane.REPORTS: 0.50,
    Lane.LOOKS: 0.65,
    Lane.SWEEP: 0.75,
    Lane.PEOPLE: 0.85,
    Lane.ENDINGS: 0.92,
    Lane.ENFORCEMENT: 1.0,
}
"""Share of the hour's points at which a lane stops; what is above serves the lanes after it alone."""

SITE_SHARE: Final = 0.6
"""Of what its lane may use, one site gets no more: the rest serves the others, whatever it does."""

_LANES: Final = {
    Priority.INTERACTIVE: Lane.PEOPLE,
    Priority.EVENT: Lane.ENFORCEMENT,
    Priority.SWEEP: Lane.SWEEP,
    Priority.MAINTENANCE: Lane.REPORTS,
}
_LOOKING: Final = frozenset({"list", "show", "lock_list", "notices", "health"})
_ENDING: Final = frozenset({"release", "break"})

UNNAMED: Final = "unnamed"

_USE_CASE: ContextVar[str] = ContextVar("lockpoint_use_case", default=UNNAMED)
_PAGE: ContextVar[str | None] = ContextVar("lockpoint_listed_page", default=None)


@dataclass(slots=True)
class Payer:
    """The person whose request is being answered; one that has begun is finished, whatever it costs."""

    account: str
    begun: bool = False


_PAYER: ContextVar[Payer | None] = ContextVar("lockpoint_payer", default=None)


def charge(account: str | None) -> None:
    """Count the calls of this request for this person; None for nobody."""
    _PAYER.set(Payer(account) if account else None)


def current_payer() -> Payer | None:
    return _PAYER.get()


@contextmanager
def spending_on(use_case: str, *, page: str | None = None) -> Iterator[None]:
    """Count the calls inside the block under `use_case`, a short fixed word such as `acquire`, and for the page."""
    tokens = _USE_CASE.set(use_case), _PAGE.set(page)
    try:
        yield
    finally:
        _USE_CASE.reset(tokens[0])
        _PAGE.reset(tokens[1])


def current_use_case() -> str:
    """Return the word of the innermost block, or `unnamed`."""
    return _USE_CASE.get()


def current_page() -> str | None:
    return _PAGE.get()


def lane_of(priority: Priority, use_case: str) -> Lane:
    """People who look yield to people who act, and ending a lock comes before beginning one."""
    lane = _LANES[priority]
    if lane is Lane.PEOPLE and use_case in _LOOKING:
        return Lane.LOOKS
    return Lane.ENDINGS if lane is Lane.PEOPLE and use_case in _ENDING else lane


def window(now: datetime, length: timedelta) -> datetime:
    """The window of this length that `now` is in, of those that begin with the UTC hour."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour + (now - hour) // length * length


def hour_counters(tenant_id: int, now: datetime) -> tuple[Counter, Counter]:
    hour = window(now, HOUR)
    return Counter(hour, Share.ALL), Counter(hour, Share.SITE, tenant_id)
