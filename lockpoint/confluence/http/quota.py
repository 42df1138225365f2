"""The app's hourly points; less urgent work stops first.

By default 65 000 an hour for all sites, reset at the full UTC hour, not carried over
(developer.atlassian.com/cloud/confluence/rate-limiting). The host's headers outrank our count: processes share the
pool.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from prometheus_client import Counter as MetricCounter
from prometheus_client import Gauge

from lockpoint.services.context import Priority
from lockpoint.services.errors import QuotaExceeded
from lockpoint.services.quota_accounting import PointsArchive, Spending

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HOUR: Final = timedelta(hours=1)
PRIORITY_CEILING: Final[Mapping[Priority, float]] = {
    Priority.MAINTENANCE: 0.60,
    Priority.SWEEP: 0.75,
    Priority.EVENT: 0.95,
    Priority.INTERACTIVE: 1.0,
}
"""Share of the hour's points at which a priority stops."""

STOPPED_NEAR_LIMIT: Final = frozenset({Priority.SWEEP, Priority.MAINTENANCE})
TENANT_SHARE: Final = 0.5
"""Above this share of the pool a site counts one priority lower, so that it cannot starve the others."""

NOBODY: Final = 0
"""Stands for forgotten sites; ids begin at 1."""

_LOWER: Final = {
    Priority.INTERACTIVE: Priority.EVENT,
    Priority.EVENT: Priority.SWEEP,
    Priority.SWEEP: Priority.MAINTENANCE,
    Priority.MAINTENANCE: Priority.MAINTENANCE,
}

_POINTS = MetricCounter("lockpoint_confluence_points", "Points spent on Confluence", ["lane", "use_case"])
_REFUSED = MetricCounter("lockpoint_confluence_points_refused", "Calls not made to save points", ["lane"])
_REMAINING = Gauge("lockpoint_confluence_points_remaining", "Points left this hour, as Confluence last said")


@dataclass(frozen=True, slots=True)
class HostQuota:
    """The host's last word; None where it said nothing."""

    limit: int | None = None
    remaining: int | None = None
    near_limit: bool = False
    reset_at: datetime | None = None


@dataclass(slots=True)
class _Hour:
    start: datetime
    by_tenant: Counter[int]
    host: HostQuota
    blocked_until: dict[int | None, datetime]

    @property
    def end(self) -> datetime:
        return self.start + HOUR


class PointsQuota:
    """Thread-safe account of the current UTC hour, shared by a process's clients."""

    def __init__(
        self, *, points_per_hour: int, now: Callable[[], datetime], archive: PointsArchive | None = None
    ) -> None:
        self._pool = points_per_hour
        self._now = now
        self._archive = archive
        self._lock = threading.Lock()
        self._hour = self._fresh(now())

    def admit(self, tenant_id: int, priority: Priority) -> None:
        """Raise QuotaExceeded, with the seconds to wait, unless a call may be made."""
        with self._lock:
            hour, now = self._current(), self._now()
            until = self._blocked_until(hour, tenant_id, now) or self._spent_until(hour, tenant_id, priority)
        if until is not None:
            _REFUSED.labels(priority.value).inc()
            wait = min(until - now, HOUR).total_seconds()
            raise QuotaExceeded("the hour's points are used up", max(1.0, wait))

    def spend(self, tenant_id: int, priority: Priority, use_case: str, points: int) -> None:
        """Called for failed tries too."""
        with self._lock:
            hour = self._current()
            hour.by_tenant[tenant_id] += points
        _POINTS.labels(priority.value, use_case).inc(points)
        if self._archive is not None:
            self._archive(hour.start, Spending(tenant_id, priority, use_case, points))

    def host_said(self, said: HostQuota) -> None:
        if said.remaining is not None:
            _REMAINING.set(said.remaining)
        with self._lock:
            self._current().host = said

    def block(self, seconds: float, *, tenant_id: int | None) -> None:
        """Stop calls to one site, or all (`tenant_id` None), an hour at most."""
        until = self._now() + min(timedelta(seconds=seconds), HOUR)
        with self._lock:
            self._current().blocked_until[tenant_id] = until

    def forget(self, tenant_id: int) -> None:
        """Forget whose points these were; they stay spent."""
        with self._lock:
            hour = self._current()
            hour.by_tenant[NOBODY] += hour.by_tenant.pop(tenant_id, 0)
            hour.blocked_until.pop(tenant_id, None)

    def _fresh(self, now: datetime) -> _Hour:
        start = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return _Hour(start, Counter(), HostQuota(), {})

    def _current(self) -> _Hour:
        now = self._now()
        if now >= self._hour.end:
            blocked = {whom: until for whom, until in self._hour.blocked_until.items() if until > now}
            self._hour = self._fresh(now)
            self._hour.blocked_until = blocked
        return self._hour

    def _blocked_until(self, hour: _Hour, tenant_id: int, now: datetime) -> datetime | None:
        ends = [hour.blocked_until.get(tenant_id), hour.blocked_until.get(None)]
        return max((end for end in ends if end is not None and end > now), default=None)

    def _spent_until(self, hour: _Hour, tenant_id: int, priority: Priority) -> datetime | None:
        rank = _LOWER[priority] if hour.by_tenant[tenant_id] > TENANT_SHARE * self._pool else priority
        over = self._used_share(hour) >= PRIORITY_CEILING[rank]
        near = hour.host.near_limit and rank in STOPPED_NEAR_LIMIT
        return (hour.host.reset_at or hour.end) if over or near else None

    def _used_share(self, hour: _Hour) -> float:
        """By the host's figure, else our count."""
        ours = hour.by_tenant.total() / self._pool
        if hour.host.remaining is None or not hour.host.limit:
            return ours
        return max(ours, 1 - hour.host.remaining / hour.host.limit)
