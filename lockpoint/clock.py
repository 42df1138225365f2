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
from lockpoint.services.tenancy.forge_sites import end_silent
from lockpoint.settings import Settings

logger = logging.getLogger(__name__)

POINTS_PER_LOCK: Final = 2
SWEEP_SHARE: Final = 0.3
"""Share of the hourly points for sweeps."""

COUNTED_FOR: Final = timedelta(minutes=1)
"""Counting a million locks takes longer than all the rest of a tick."""

STALLED_SECONDS: Final = 15
PRIVACY_SECONDS: Final = 3600
FIRST_ROUND: Final = timedelta(minutes=2)
REDISCOVERY: Final = timedelta(hours=24)
DAILY: Final = timedelta(hours=24)
HOLDERS_PERIOD: Final = timedelta(hours=4)
SMALLEST_LEAP: Final = timedelta(seconds=10)


def sweep_period(wished_seconds: int, live_locks: int, points_per_hour: int) -> timedelta:
    """The time between reads of a lock: as set, or longer to stay within `SWEEP_SHARE`."""
    affordable = live_locks * POINTS_PER_LOCK * 3600 / (SWEEP_SHARE * points_per_hour)
    return timedelta(seconds=max(float(wished_seconds), affordable))


@dataclass(slots=True)
class Rounds:
    """Due times of sites, spread over the period.

    The first round ends within `first_round` after the start. Missed rounds are skipped.
    """

    first_round: timedelta = FIRST_ROUND
    _next: dict[int, datetime] = field(default_factory=dict)

    def due(self, now: datetime, tenant_ids: Iterable[int], period: timedelta) -> list[int]:
        """Set the next turn of due sites; sites not named are forgotten."""
        first = min(self.first_round, period)
        turns = {id_: min(self._next.get(id_, now + first * _spread(id_)), now + period) for id_ in tenant_ids}
        due = [id_ for id_, turn in turns.items() if turn <= now]
        for id_ in due:
            missed = turns[id_] + period <= now
            turns[id_] = now + period if missed else turns[id_] + period
        self._next = turns
        return due


def _spread(tenant_id: int) -> float:
    """From 0 to 1; neighbouring ids are far apart (golden ratio)."""
    return tenant_id * 0.6180339887498949 % 1


class Ticks:
    """Runs on the leading clock only."""

    def __init__(self, services: Services, upkeep: Upkeep, settings: Settings) -> None:
        self._services = services
        self._upkeep = upkeep
        self._settings = settings
        self._sweeps = Rounds()
        self._rediscoveries = Rounds()
        self._tombstones = Rounds(first_round=timedelta(hours=1))
        self._holders = Rounds(first_round=timedelta(hours=1))
        self._tidied: datetime | None = None
        self._ahead = timedelta()
        self._counted: tuple[datetime, int, list[int]] | None = None

    def sweep(self) -> None:
        """Enqueue due sweeps, and rediscovery on sites without known locks."""
        now = self._services.clock.now()
        live_locks, unknown = self._counts(now)
        period = sweep_period(self._settings.sweep_seconds, live_locks, self._settings.points_per_hour)
        active = self._services.tenants.active_ids()
        jobs = [Job(JobKind.SWEEP, id_) for id_ in self._sweeps.due(now, active, period)]
        jobs += [Job(JobKind.REDISCOVER, id_) for id_ in self._rediscoveries.due(now, unknown, REDISCOVERY)]
        if jobs:
            self._services.jobs.defer(jobs)

    def leap(self) -> None:
        """Enqueue every sweep when a developer has moved our time against the machine's, also before this process."""
        before, self._ahead = self._ahead, self._services.clock.now() - _machine_time()
        if abs(self._ahead - before) > SMALLEST_LEAP:
            self._services.jobs.defer([Job(JobKind.SWEEP, id_) for id_ in self._services.tenants.active_ids()])

    def _counts(self, now: datetime) -> tuple[int, list[int]]:
        """Return the live locks and the sites without known locks, counted anew after `COUNTED_FOR`."""
        if self._counted is None or not timedelta() <= now - self._counted[0] < COUNTED_FOR:
            unknown = [tenant.id for tenant in self._upkeep.without_witness()]
            self._counted = (now, self._upkeep.live_locks(), unknown)
        return self._counted[1], self._counted[2]

    def privacy_duties(self) -> None:
        """Enqueue personal-data reports, spread over the hour, erasures without a job, and rarer looks at sites."""
        now, hour = self._services.clock.now(), timedelta(hours=1)
        jobs = [
            Job(JobKind.REPORT_ACCOUNTS, tenant_id, delay=hour * _spread(tenant_id))
            for tenant_id in self._services.tenants.active_ids()
        ]
        jobs += [
            Job(JobKind.ERASE, erasure.tenant_id, str(erasure.request_id), max(timedelta(), erasure.due_at - now))
            for erasure in self._services.person_store.erasures()
        ]
        active = self._services.tenants.active_ids()
        jobs += [Job(JobKind.HOLDERS, tenant_id) for tenant_id in self._holders.due(now, active, HOLDERS_PERIOD)]
        jobs += [Job(JobKind.TOMBSTONES, tenant_id) for tenant_id in self._tombstones.due(now, active, DAILY)]
        if jobs:
            self._services.jobs.defer(jobs)

    def silence(self) -> None:
        count = end_silent(self._services)
        if count:
            logger.warning("ended %d sites that Forge has not called for a day", count)

    def rescue(self) -> None:
        count = self._upkeep.requeue_stalled()
        if count:
            logger.warning("requeued %d jobs of dead workers", count)

    def chores(self) -> None:
        """Once in each UTC hour: purge, and make the partitions of the coming days.

        Runs every minute, to meet midnight and retry failures soon. Partitions come last: one made by hand can be in
        their way and must not stop the purge.
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
            logger.warning(
                "the purge is incomplete and will be retried",
                extra={"failed": report.failed, "overdue": dict(report.overdue)},
            )
        logger.info("partitions checked", extra={"partitions_made": self._upkeep.make_partitions()})

    def _warn_of_lateness(self, report: PurgeReport) -> None:
        if any(report.late.values()):
            logger.warning("privacy duties are late: see lockpoint jobs list", extra={"late": dict(report.late)})

    def when_leading(self, tick: Callable[[], None]) -> Callable[[], None]:
        """Run `tick` only while this process leads; without a database, wait for the next one."""

        def maybe() -> None:
            try:
                if self._upkeep.lead():
                    tick()
            except StorageUnavailable as error:
                logger.warning("the database does not answer (%s); this tick is skipped", error)

        return maybe


def _machine_time() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the scheduler's time, which ours need not be


def run(settings: Settings) -> None:
    services, upkeep = bootstrap.build_clock(settings)
    scheduler = BlockingScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 30}
    )
    ticks = Ticks(services, upkeep, settings)
    sweep_tick = max(1.0, min(15.0, settings.sweep_seconds / 4))
    at_once = _machine_time()
    scheduler.add_job(ticks.when_leading(ticks.chores), "cron", second=0, next_run_time=at_once)
    periods = (
        (ticks.rescue, STALLED_SECONDS),
        (ticks.sweep, sweep_tick),
        (ticks.privacy_duties, PRIVACY_SECONDS),
        (ticks.silence, PRIVACY_SECONDS),
    )
    for tick, seconds in periods:
        scheduler.add_job(ticks.when_leading(tick), "interval", seconds=seconds, next_run_time=at_once)
    if settings.clock_file is not None:
        scheduler.add_job(ticks.when_leading(ticks.leap), "interval", seconds=1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: scheduler.shutdown(wait=False))
    scheduler.start()
    upkeep.resign()
