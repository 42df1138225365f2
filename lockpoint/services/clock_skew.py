"""How far this node's clock is from Confluence's; a node that is too far off decides nothing about locks."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

import structlog
from prometheus_client import Gauge

from lockpoint.domain.lock import MARGIN
from lockpoint.services.context import Tenant

ALARM: Final = timedelta(seconds=5)
TOLERATED: Final = MARGIN / 2
"""Two nodes that are each this far off still agree within the margin at the end of a lock."""

KEPT: Final = 20  # answers of a site
REMEMBERED: Final = 120.0  # seconds for which an answer counts
MOST_SITES: Final = 64
SLOWEST: Final = timedelta(seconds=10)  # a slower answer does not tell the time within the alarm
HALF_A_SECOND: Final = timedelta(milliseconds=500)  # the host tells whole seconds, cut off

ENOUGH_REFUSED: Final = 5
"""Tokens in a row within `REMEMBERED`; a tab that was open for long sends one or two."""
_DOUBT: Final = "tokens signed for us are refused for their time, and none is accepted"
DOUBT_REMEDY: Final = "compare this machine's clock: `lockpoint doctor`; start its time service"

_log = structlog.get_logger(__name__)
_OFFSET = Gauge(
    "lockpoint_clock_offset_seconds",
    "The largest recent difference from Confluence's clock; ahead is +",
    multiprocess_mode="livemostrecent",
)
_DOUBTED = Gauge(
    "lockpoint_clock_doubted",
    "1 while tokens signed for us are refused for their time, and none is accepted",
    multiprocess_mode="livemax",
)


class ClockState(Enum):
    """What a site's answers say about our clock."""

    RIGHT = auto()
    OFF = auto()  # beyond the alarm; or one answer alone, outvoted since, is beyond what is tolerated
    UNKNOWN = auto()  # nothing was heard of late
    DOUBTFUL = auto()  # the newest answer, and no other, is beyond what is tolerated: ask again
    WRONG = auto()


DECIDES: Final = frozenset({ClockState.RIGHT, ClockState.OFF})


def clock_state(differences: Sequence[timedelta]) -> ClockState:
    """Judge our clock by its differences from one site's answers, newest last: one odd answer proves nothing, two do.

    Two odd ones count whatever the others say: the median of a clock that jumps to and fro is right.
    """
    if not differences:
        return ClockState.UNKNOWN
    if sum(map(_is_odd, differences)) > 1:
        return ClockState.WRONG
    if _is_odd(differences[-1]):
        return ClockState.DOUBTFUL
    return ClockState.OFF if abs(furthest(differences)) > ALARM else ClockState.RIGHT


def _is_odd(difference: timedelta) -> bool:
    return abs(difference) > TOLERATED


def furthest(differences: Sequence[timedelta]) -> timedelta:
    """Return the largest difference, with its sign; zero without any."""
    return max(differences, key=abs, default=timedelta())


def node_state(sites: Sequence[ClockState]) -> ClockState:
    """Judge our clock by all sites: most must call it wrong, because one site's clock may be at fault."""
    if not sites:
        return ClockState.UNKNOWN
    if 2 * sites.count(ClockState.WRONG) > len(sites):
        return ClockState.WRONG
    return ClockState.RIGHT if set(sites) == {ClockState.RIGHT} else ClockState.OFF


@dataclass(frozen=True, slots=True)
class _Answer:
    came: float
    difference: timedelta


Answers = Sequence[_Answer]


def _state(answers: Answers) -> ClockState:
    return clock_state([answer.difference for answer in answers])


def _jury(sites: Sequence[Answers]) -> list[ClockState]:
    """Return what the sites say that were heard since ours was first seen wrong: praise of before does not count."""
    began = min(
        (one.came for site in sites if _state(site) is ClockState.WRONG for one in site if _is_odd(one.difference)),
        default=0.0,
    )
    return [_state(site) for site in sites if site[-1].came >= began]


class TimelyTokens:
    """Whether tokens that are signed as they must be are refused for their time, and none is accepted.

    Strangers sign nothing, but whoever has an old token can send it again: this warns and decides nothing. Thread-safe.
    """

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._refused: deque[float] = deque(maxlen=ENOUGH_REFUSED)
        self._told = False

    def heard(self, *, in_time: bool) -> None:
        """Note a token whose signature is right; the first warning, and its end, are logged."""
        with self._lock:
            if in_time:
                self._refused.clear()
            else:
                self._refused.append(self._elapsed())
            self._tell()

    def doubtful(self) -> bool:
        with self._lock:
            self._tell()
            return self._told

    def _tell(self) -> None:
        since = self._elapsed() - REMEMBERED
        found = len(self._refused) == ENOUGH_REFUSED and self._refused[0] >= since
        if found is not self._told:
            self._told = found
            _DOUBTED.set(found)
            if found:
                _log.error("clock_doubted", reason=_DOUBT, remedy=DOUBT_REMEDY)
            else:
                _log.info("clock_doubted_no_more")


class ClockOffsets:
    """The latest differences from each site's clock. Thread-safe; `elapsed` gives monotonic seconds."""

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed = elapsed
        self._lock = threading.RLock()
        self._sites: OrderedDict[int, deque[_Answer]] = OrderedDict()
        self._told = ClockState.RIGHT

    def note(self, site: int, asked: datetime, answered: datetime, host: datetime | None) -> ClockState:
        """Keep one difference, taken in the middle of the call; slow answers and those without a date say nothing."""
        with self._lock:
            if host is not None and answered - asked <= SLOWEST:
                self._keep(site, asked + (answered - asked) / 2 - host - HALF_A_SECOND)
            found = self.of(site)
            if {found, self._told} != {ClockState.RIGHT}:
                self.of_node()
            return found

    def of(self, site: int) -> ClockState:
        """Return what this site's answers say; an odd clock of another site does not matter."""
        with self._lock:
            return _state(self._recent(self._sites.get(site, ())))

    def forget(self, tenant: Tenant) -> None:
        with self._lock:
            self._sites.pop(tenant.id, None)

    def of_node(self) -> ClockState:
        """Return what all sites say, log it when that changed, and set the metric."""
        with self._lock:
            sites = [recent for answers in self._sites.values() if (recent := self._recent(answers))]
            found = node_state(_jury(sites))
            self._tell(found, furthest([one.difference for site in sites for one in site]), len(sites))
            return found

    def _recent(self, answers: Iterable[_Answer]) -> Answers:
        start = self._elapsed() - REMEMBERED
        return [answer for answer in answers if answer.came >= start]

    def _keep(self, site: int, difference: timedelta) -> None:
        self._sites.setdefault(site, deque(maxlen=KEPT)).append(_Answer(self._elapsed(), difference))
        self._sites.move_to_end(site)
        if len(self._sites) > MOST_SITES:
            self._sites.popitem(last=False)

    def _tell(self, found: ClockState, offset: timedelta, sites: int) -> None:
        seconds = round(offset.total_seconds(), 1)
        _OFFSET.set(seconds)
        if found in {self._told, ClockState.UNKNOWN}:
            return
        self._told = found
        write = {ClockState.RIGHT: _log.info, ClockState.OFF: _log.warning}.get(found, _log.error)
        write(f"clock_{found.name.lower()}", seconds_ahead=seconds, sites=sites)
