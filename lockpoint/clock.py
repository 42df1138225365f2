"""Enqueues periodic jobs and does maintenance; a second clock waits for the advisory lock."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from apscheduler.schedulers.blocking import BlockingScheduler

from lockpoint import bootstrap
from lockpoint.services.container import Services
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.maintenance import PurgeReport, Upkeep
from lockpoint.settings import Settings

logger = logging.getLogger(__name__)

POINTS_PER_LOCK: Final = 2
SWEEP_SHARE: Final = 0.3
"""Of the hourly points."""

STALLED_SECONDS: Final = 15
RIGHTS_SECONDS: Final = 3600
FIRST_ROUND: Final = timedelta(minutes=2)
REDISCOVERY: Final = timedelta(hours=24)


def sweep_period(wished_seconds: int, live_locks: int, points_per_hour: int) -> timedelta:
    """As set, or longer to save points."""
    affordable = live_locks * POINTS_PER_LOCK * 3600 / (SWEEP_SHARE * points_per_hour)
    return timedelta(seconds=max(float(wished_seconds), affordable))


@dataclass(slots=True)
class Rounds:
    """When each site is due, spread over the period.

    The first round ends within `first_round`. Missed rounds are skipped.
    """

    first_round: timedelta = FIRST_ROUND
    _next: dict[int, datetime] = field(default_factory=dict)

    def due(self, now: datetime, tenant_ids: Iterable[int], period: timedelta) -> list[int]:
        """Return due sites, set their next turn; forget sites not named."""
        first = min(self.first_round, period)
        turns = {id_: min(self._next.get(id_, now + first * _spread(id_)), now + period) for id_ in tenant_ids}
        due = [id_ for id_, turn in turns.items() if turn <= now]
        for id_ in due:
            missed = turns[id_] + period <= now
            turns[id_] = now + period if missed else turns[id_] + period
        self._next = turns
        return due


def _spread(tenant_id: int) -> float:
    """Return 0 to 1; neighbours lie far apart (multiples of the golden ratio)."""
    return tenant_id * 0.6180339887498949 % 1


class Ticks:
    """Work of the leading clock."""

    def __init__(self, services: Services, upkeep: Upkeep, settings: Settings) -> None:
        self._services = services
        self._upkeep = upkeep
        self._settings = settings
        self._sweeps = Rounds()
        self._rediscoveries = Rounds()
        self._tidied: datetime | None = None

    def sweep(self) -> None:
        """Also queues lock searches on sites without a known lock."""
        now = self._services.clock.now()
        period = sweep_period(self._settings.sweep_seconds, self._upkeep.live_locks(), self._settings.points_per_hour)
        active = [tenant.id for tenant in self._services.tenants.active()]
        unknown = [tenant.id for tenant in self._upkeep.without_witness()]
        jobs = [Job(JobKind.SWEEP, id_) for id_ in self._sweeps.due(now, active, period)]
        jobs += [Job(JobKind.REDISCOVER, id_) for id_ in self._rediscoveries.due(now, unknown, REDISCOVERY)]
        if jobs:
            self._services.jobs.defer(jobs)

    def rights(self) -> None:
        """Queue personal-data reports, spread over the hour, and erasures that lost their job."""
        now, hour = self._services.clock.now(), timedelta(hours=1)
        jobs = [
            Job(JobKind.REPORT_ACCOUNTS, tenant.id, delay=hour * _spread(tenant.id))
            for tenant in self._services.tenants.active()
        ]
        jobs += [
            Job(JobKind.ERASE, erasure.tenant_id, str(erasure.request_id), max(timedelta(), erasure.due_at - now))
            for erasure in self._services.person_store.erasures()
        ]
        if jobs:
            self._services.jobs.defer(jobs)

    def rescue(self) -> None:
        """Requeue dead workers' jobs."""
        count = self._upkeep.requeue_stalled()
        if count:
            logger.warning("gave %d jobs of dead workers back to the queue", count)

    def chores(self) -> None:
        """Once each UTC hour: delete what is too old, make coming days' partitions.

        Called every minute: catches midnight, repeats failures soon. Partitions come last: a hand-made one can block
        them and must not stop the purge.
        """
        hour = self._services.clock.now().replace(minute=0, second=0, microsecond=0)
        if hour == self._tidied:
            return
        report = self._upkeep.purge()
        logger.info("purged", extra={"gone": dict(report.gone), "complete": report.complete})
        if report.complete:
            self._tidied = hour
            self._warn_of_lateness(report)
        else:
            logger.warning("the purge is tried again", extra={"failed": report.failed, "overdue": dict(report.overdue)})
        logger.info("looked after partitions", extra={"partitions_made": self._upkeep.make_partitions()})

    def _warn_of_lateness(self, report: PurgeReport) -> None:
        if any(report.late.values()):
            logger.warning("people's rights are late: look at lockpoint jobs list", extra={"late": dict(report.late)})

    def when_leading(self, tick: Callable[[], None]) -> Callable[[], None]:
        """Skips ticks without a database."""

        def maybe() -> None:
            try:
                if self._upkeep.lead():
                    tick()
            except StorageUnavailable as error:
                logger.warning("the database is away (%s), this tick is left out", error)

        return maybe


def run(settings: Settings) -> None:
    """Tick until SIGTERM or SIGINT."""
    services, upkeep = bootstrap.build(settings), bootstrap.build_upkeep(settings)
    scheduler = BlockingScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 30}
    )
    ticks = Ticks(services, upkeep, settings)
    sweep_tick = max(1.0, min(15.0, settings.sweep_seconds / 4))
    scheduler.add_job(ticks.when_leading(ticks.chores), "cron", second=0, next_run_time=services.clock.now())
    periods = ((ticks.rescue, STALLED_SECONDS), (ticks.sweep, sweep_tick), (ticks.rights, RIGHTS_SECONDS))
    for tick, seconds in periods:
        scheduler.add_job(ticks.when_leading(tick), "interval", seconds=seconds, next_run_time=services.clock.now())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: scheduler.shutdown(wait=False))
    scheduler.start()
    upkeep.resign()
