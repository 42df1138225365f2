"""The app's hourly points: lanes, and shares of persons, pages and sites.

By default 65 000 an hour for all sites, reset at the full UTC hour, not carried over
(developer.atlassian.com/cloud/confluence/rate-limiting). The host's headers outrank our count.
"""

from __future__ import annotations

import threading
from collections import Counter as Tally
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from prometheus_client import Counter as MetricCounter
from prometheus_client import Gauge

from lockpoint.services.context import Priority
from lockpoint.services.errors import QuotaExceeded, ShareUsedUp
from lockpoint.services.quota_accounting import (
    CEILING,
    HOUR,
    SITE_SHARE,
    Counter,
    Lane,
    Share,
    SharedPoints,
    SharedState,
    Spending,
    current_page,
    current_payer,
    current_use_case,
    hour_counters,
    lane_of,
    window,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SHORT: Final = timedelta(minutes=10)
"""How long the share of a person or page lasts."""


SHORT_SHARE: Final[Mapping[Share, float]] = {Share.PERSON: 0.02, Share.PAGE: 0.05}
"""Of the hour's points, in ten minutes; asked where people wait for the answer."""

STOPPED_NEAR_LIMIT: Final = frozenset({Lane.SWEEP, Lane.REPORTS})

_TIDIED_AFTER: Final = timedelta(minutes=1)
"""Past counters may be many; a call must not pay for all of them."""

_POINTS = MetricCounter("lockpoint_confluence_points", "Points spent on Confluence", ["lane", "use_case"])
_REFUSED = MetricCounter("lockpoint_confluence_points_refused", "Calls not made to save points", ["lane"])
_REMAINING = Gauge(
    "lockpoint_confluence_points_remaining",
    "Points left this hour, as Confluence last said",
    multiprocess_mode="livemostrecent",
)


@dataclass(frozen=True, slots=True)
class HostQuota:
    """The host's last word; None where it said nothing."""

    limit: int | None = None
    remaining: int | None = None
    near_limit: bool = False
    reset_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Limit:
    counter: Counter
    most: float
    length: timedelta

    @property
    def until(self) -> datetime:
        return self.counter.since + self.length


class PointsQuota:
    """Thread-safe; each process counts for itself too, for when the account of all does not answer."""

    def __init__(
        self, *, points_per_hour: int, now: Callable[[], datetime], shared: SharedPoints | None = None
    ) -> None:
        self._pool = points_per_hour
        self._now = now
        self._shared = shared
        self._lock = threading.Lock()
        self._spent: Tally[Counter] = Tally()
        self._blocked: dict[int | None, datetime] = {}
        self._host = HostQuota()
        self._host_since = window(now(), HOUR)
        self._tidied_at = now()

    def admit(self, tenant_id: int, priority: Priority) -> None:
        """Raise `QuotaExceeded` or `ShareUsedUp`, with the seconds to wait, unless a call may be made."""
        now, lane, payer = self._now(), lane_of(priority, current_use_case()), current_payer()
        short = _short_counters(tenant_id, priority, now) if not (payer and payer.begun) else ()
        limits = [*self._hour_limits(tenant_id, lane, now), *self._short_limits(short)]
        known = self._read([limit.counter for limit in limits], tenant_id)
        with self._lock:
            self._forget_past(now)
            blocked = self._blocked_until(tenant_id, known, now) or self._host_stops(lane, now)
            full = next((limit for limit in limits if self._spent_on(limit.counter, known) >= limit.most), None)
        if blocked or full:
            _REFUSED.labels(lane.value).inc()
            raise _refusal(blocked, full, now)
        if payer and priority is Priority.INTERACTIVE:
            payer.begun = True

    def spend(self, tenant_id: int, priority: Priority, use_case: str, points: int) -> None:
        """Called for failed tries too."""
        now = self._now()
        counters = (*hour_counters(tenant_id, now), *_short_counters(tenant_id, priority, now))
        with self._lock:
            self._spent.update(dict.fromkeys(counters, points))
        _POINTS.labels(priority.value, use_case).inc(points)
        if self._shared is not None:
            self._shared.add(counters, window(now, HOUR), Spending(tenant_id, priority, use_case, points))

    def host_said(self, said: HostQuota) -> None:
        if said.remaining is not None:
            _REMAINING.set(said.remaining)
        with self._lock:
            self._host, self._host_since = said, window(self._now(), HOUR)

    def block(self, seconds: float, *, tenant_id: int | None) -> None:
        """Stop calls to one site, or all (`tenant_id` None), an hour at most, in every process."""
        until = self._now() + min(timedelta(seconds=seconds), HOUR)
        with self._lock:
            self._blocked[tenant_id] = until
        if self._shared is not None:
            self._shared.block(tenant_id, until)

    def forget(self, tenant_id: int) -> None:
        """Forget whose points these were; they stay spent."""
        with self._lock:
            for counter in [one for one in self._spent if one.tenant_id == tenant_id]:
                del self._spent[counter]
            self._blocked.pop(tenant_id, None)

    def _read(self, counters: list[Counter], tenant_id: int) -> SharedState:
        return self._shared.read(counters, tenant_id) if self._shared else SharedState()

    def _hour_limits(self, tenant_id: int, lane: Lane, now: datetime) -> Iterable[_Limit]:
        most = self._pool * CEILING[lane]
        of_all, of_site = hour_counters(tenant_id, now)
        return _Limit(of_all, most, HOUR), _Limit(of_site, most * SITE_SHARE, HOUR)

    def _short_limits(self, counters: Iterable[Counter]) -> Iterable[_Limit]:
        return [_Limit(counter, self._pool * SHORT_SHARE[counter.share], SHORT) for counter in counters]

    def _spent_on(self, counter: Counter, known: SharedState) -> int:
        return max(self._spent[counter], known.spent.get(counter, 0))

    def _forget_past(self, now: datetime) -> None:
        if now - self._tidied_at >= _TIDIED_AFTER:
            self._tidied_at = now
            for counter in [one for one in self._spent if now - one.since >= HOUR]:
                del self._spent[counter]
        self._blocked = {whom: until for whom, until in self._blocked.items() if until > now}
        if now - self._host_since >= HOUR:
            self._host = HostQuota()

    def _blocked_until(self, tenant_id: int, known: SharedState, now: datetime) -> datetime | None:
        ends = (self._blocked.get(tenant_id), self._blocked.get(None), known.blocked_until)
        return max((end for end in ends if end and end > now), default=None)

    def _host_stops(self, lane: Lane, now: datetime) -> datetime | None:
        """When the host lets this lane go on; its figure counts more than ours, which may miss some."""
        said = self._host
        used = 1 - said.remaining / said.limit if said.remaining is not None and said.limit else 0.0
        stops = used >= CEILING[lane] or (said.near_limit and lane in STOPPED_NEAR_LIMIT)
        return (said.reset_at or window(now, HOUR) + HOUR) if stops else None


def _refusal(blocked: datetime | None, full: _Limit | None, now: datetime) -> QuotaExceeded:
    until = blocked or (full.until if full else now)
    wait = max(1.0, min(until - now, HOUR).total_seconds())
    if blocked is None and full is not None and full.counter.share in SHORT_SHARE:
        return ShareUsedUp(f"the share of this {full.counter.share} is used up", wait, until)
    return QuotaExceeded("the hour's points are used up", wait, until)


def _short_counters(tenant_id: int, priority: Priority, now: datetime) -> tuple[Counter, ...]:
    """What people do is counted for them, and a list for its page."""
    if priority is not Priority.INTERACTIVE:
        return ()
    payer, since = current_payer(), window(now, SHORT)
    subjects = {Share.PERSON: payer.account if payer else None, Share.PAGE: current_page()}
    return tuple(Counter(since, share, tenant_id, subject) for share, subject in subjects.items() if subject)
