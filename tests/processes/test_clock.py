import logging
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lockpoint import bootstrap
from lockpoint.clock import REDISCOVERY, Rounds, Ticks, sweep_period
from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.maintenance import PurgeReport
from lockpoint.services.ports.privacy import ErasureOrder, Origin
from lockpoint.settings import Settings
from lockpoint.storage.engine import Database
from lockpoint.storage.privacy.person_store import PostgresPersonStore
from lockpoint.storage.redis_mutexes import connect
from tests.fakes.world import ACME, ALICE, GLOBEX, START, World, make_world
from tests.storage.builders import queue
from tests.support.checkout import ROOT

PERIOD = timedelta(minutes=15)


def settings(**values: Any) -> Settings:
    return Settings.model_validate(
        {
            "DATABASE_URL": "postgresql://unused",
            "REDIS_URL": "redis://localhost",
            "LOCKPOINT_BASE_URL": "http://127.0.0.1:5000",
            "LOCKPOINT_SECRET_KEYS": "an invented root key of more than 32 characters",
            "LOCKPOINT_MAIL_URL": "smtp://127.0.0.1",
            "LOCKPOINT_MAIL_FROM": "lockpoint@example.com",
            **values,
        }
    )


@dataclass
class FakeUpkeep:
    """Counts."""

    leading: bool = True
    down: bool = False
    stuck: int = 0
    late: int = 0
    locks: int = 0
    unknown: list[Tenant] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def lead(self) -> bool:
        return self.leading

    def resign(self) -> None:
        self.done["resigned"] += 1

    def _do(self, chore: str) -> int:
        if self.down:
            raise StorageUnavailable("away")
        self.done[chore] += 1
        return self.done[chore]

    def requeue_stalled(self) -> int:
        return self._do("stalled")

    def make_partitions(self) -> int:
        return self._do("partitions")

    def purge(self) -> PurgeReport:
        self._do("purge")
        overdue = {"audit_event": self.stuck}
        return PurgeReport(at=START, retention_days=30, gone={}, overdue=overdue, late={"erasures": self.late})

    def live_locks(self) -> int:
        return self.locks

    def without_witness(self) -> list[Tenant]:
        return self.unknown


@pytest.mark.parametrize(
    ("wished", "locks", "points", "seconds"),
    [(900, 0, 65000, 900), (900, 2400, 65000, 900), (900, 5000, 65000, 1846), (60, 2400, 65000, 886), (1, 1, 65000, 1)],
)
def test_the_period_is_stretched_by_the_quota(wished: int, locks: int, points: int, seconds: float) -> None:
    """Sweeping uses 30 % of the points: 15 minutes up to about 2,400 locks, 31 minutes at 5,000."""
    assert sweep_period(wished, locks, points).total_seconds() == pytest.approx(seconds, abs=1)


def simulate(rounds: Rounds, tenants: int, minutes: int, period: timedelta = PERIOD) -> dict[int, list[float]]:
    """Tick every 15 seconds; return when each site was due, in minutes."""
    seen: dict[int, list[float]] = {number: [] for number in range(1, tenants + 1)}
    for tick in range(minutes * 4):
        now = START + timedelta(seconds=15 * tick)
        for number in rounds.due(now, range(1, tenants + 1), period):
            seen[number].append(tick / 4)
    return seen


def test_every_site_is_swept_once_a_period() -> None:
    """The first round comes within minutes of a start."""
    seen = simulate(Rounds(), tenants=50, minutes=60)
    assert all(turns[0] <= 2.25 for turns in seen.values())
    assert all(
        later - earlier == pytest.approx(15, abs=0.3) for turns in seen.values() for earlier, later in pairwise(turns)
    )
    assert all(len(turns) in {4, 5} for turns in seen.values())


def test_sites_never_come_all_at_once() -> None:
    at_once = Counter(turn for turns in simulate(Rounds(), tenants=50, minutes=60).values() for turn in turns)
    assert max(at_once.values()) <= 8


def test_missed_rounds_are_not_made_up_for() -> None:
    """F41: after an hour without a clock each site is due once, not four times."""
    rounds = Rounds()
    simulate(rounds, tenants=5, minutes=20)
    late = START + timedelta(hours=2)
    assert rounds.due(late, range(1, 6), PERIOD) == [1, 2, 3, 4, 5]
    assert rounds.due(late + timedelta(minutes=1), range(1, 6), PERIOD) == []


def test_a_shorter_period_counts_at_once() -> None:
    rounds = Rounds()
    simulate(rounds, tenants=1, minutes=10, period=timedelta(hours=5))
    now = START + timedelta(minutes=10)
    rounds.due(now, [1], PERIOD)
    assert rounds.due(now + PERIOD, [1], PERIOD) == [1]


def test_a_site_that_went_is_forgotten() -> None:
    rounds = Rounds()
    simulate(rounds, tenants=2, minutes=5)
    assert rounds.due(START + timedelta(hours=1), [1], PERIOD) == [1]
    assert 2 not in rounds._next


def ticks(world: World, upkeep: FakeUpkeep, **values: Any) -> Ticks:
    return Ticks(world.services, upkeep, settings(**values))


def run_for(world: World, tick: Any, minutes: int) -> None:
    for _ in range(minutes * 4):
        tick()
        world.clock.advance(seconds=15)


def test_a_tick_only_enqueues() -> None:
    """Search for locks only where no witness exists."""
    world = make_world()
    world.tables.tenants[GLOBEX.id] = replace(GLOBEX, enabled=False)
    upkeep = FakeUpkeep(unknown=[ACME])
    run_for(world, ticks(world, upkeep).sweep, 3)
    assert world.tables.jobs == [Job(JobKind.SWEEP, ACME.id), Job(JobKind.REDISCOVER, ACME.id)]


def test_a_search_for_locks_is_not_repeated_all_the_time() -> None:
    """A site without any lock is searched once a day."""
    world = make_world()
    ticking = ticks(world, FakeUpkeep(unknown=[ACME])).sweep
    run_for(world, ticking, 3)
    world.tables.jobs.clear()
    run_for(world, ticking, 60)
    assert JobKind.REDISCOVER not in {job.kind for job in world.tables.jobs}
    world.clock.at = START + REDISCOVERY + timedelta(minutes=5)
    ticking()
    assert JobKind.REDISCOVER in {job.kind for job in world.tables.jobs}


def test_only_the_leader_ticks() -> None:
    """F41"""
    world, upkeep = make_world(), FakeUpkeep(leading=False)
    ticking = ticks(world, upkeep)
    for tick in (ticking.sweep, ticking.rescue, ticking.chores):
        run_for(world, ticking.when_leading(tick), 3)
    assert world.tables.jobs == []
    assert upkeep.done == Counter()
    upkeep.leading = True
    ticking.when_leading(ticking.chores)()
    ticking.when_leading(ticking.rescue)()
    assert upkeep.done == Counter(partitions=1, purge=1, stalled=1)


def test_the_chores_meet_midnight() -> None:
    """Privacy §5: hourly, and in the first minute of 00:00 UTC; leftovers are tried again."""
    world, upkeep = make_world(), FakeUpkeep()
    ticking, done = ticks(world, upkeep), []
    world.clock.at = START.replace(hour=22, minute=30)
    for _ in range(150):
        before = upkeep.done["purge"]
        ticking.chores()
        if upkeep.done["purge"] > before:
            done.append(f"{world.clock.at:%H:%M}")
        world.clock.advance(seconds=60)
    assert done == ["22:30", "23:00", "00:00"]
    upkeep.stuck = 1
    world.clock.at = START.replace(hour=3)
    for _ in range(3):
        ticking.chores()
    upkeep.stuck = 0
    for _ in range(3):
        ticking.chores()
    assert upkeep.done["purge"] == len(done) + 4


def test_partitions_that_cannot_be_made_do_not_stop_the_purge() -> None:
    """A partition made by hand prevents ours."""
    world, upkeep = make_world(), FakeUpkeep()
    ticking = ticks(world, upkeep)

    def refuse() -> int:
        raise ValueError("in the way")

    setattr(upkeep, "make_partitions", refuse)  # noqa: B010 - a method
    for _ in range(2):
        with suppress(ValueError):
            ticking.chores()
    assert upkeep.done == Counter(purge=1)


def test_late_erasures_are_told_once_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    """The purge cannot do their work, so it is not repeated."""
    caplog.set_level(logging.WARNING)  # whatever a test before set
    world, upkeep = make_world(), FakeUpkeep(late=2)
    ticking = ticks(world, upkeep)
    for _ in range(60):
        ticking.chores()
        world.clock.advance(seconds=60)
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.__dict__["late"] for record in warnings] == [{"erasures": 2}]
    assert upkeep.done["purge"] == 1


def test_a_database_that_is_away_does_not_end_the_clock() -> None:
    """F33: the tick is skipped, the next one works."""
    world, upkeep = make_world(), FakeUpkeep(down=True)
    ticking = ticks(world, upkeep)
    ticking.when_leading(ticking.rescue)()
    upkeep.down = False
    ticking.when_leading(ticking.rescue)()
    assert upkeep.done["stalled"] == 1


def test_rights_are_queued_hourly(database: Database, acme: Tenant, redis_url: str) -> None:
    """Reports are spread over the hour."""
    store = PostgresPersonStore(database, connect(redis_url))
    world = make_world(person_store=store)
    order = ErasureOrder(
        account=ALICE, pseudonym="erased-1", origin=Origin.OPERATOR, release_at=world.clock.now() + timedelta(hours=1)
    )
    (erasure,) = store.begin_erasures(acme, [order], world.clock.now())
    store.put_off_erasure(erasure.request_id, world.clock.now() + timedelta(hours=2))
    ticks(world, FakeUpkeep()).privacy_duties()
    found = {(job.kind, job.tenant_id, job.subject): job.delay for job in world.tables.jobs}
    reports = [found.pop((JobKind.REPORT_ACCOUNTS, tenant.id, "")) for tenant in (ACME, GLOBEX)]
    assert len(set(reports)) == 2
    assert all(timedelta() <= delay < timedelta(hours=1) for delay in reports)
    assert found == {(JobKind.ERASE, acme.id, str(erasure.request_id)): timedelta(hours=2)}


def test_holders_are_looked_at_every_four_hours(database: Database, redis_url: str) -> None:
    """C11: each site once in four hours, the first within one."""
    world = make_world(person_store=PostgresPersonStore(database, connect(redis_url)))
    ticking = ticks(world, FakeUpkeep())
    looks: Counter[int] = Counter()
    for hour in range(9):
        ticking.privacy_duties()
        looks.update(job.tenant_id for job in world.tables.jobs if job.kind is JobKind.HOLDERS)
        world.tables.jobs.clear()
        assert hour < 2 or set(looks) == {ACME.id, GLOBEX.id}
        world.clock.advance(hours=1)
    assert looks == {ACME.id: 2, GLOBEX.id: 2}


def test_a_developers_clock_moves_with_its_file(tmp_path: Path) -> None:
    """Both ways of telling the time; without a file it is the machine's time."""
    file, machine = tmp_path / "clock", bootstrap.SystemClock()
    moved = settings(LOCKPOINT_CLOCK_FILE=str(file))
    now, seconds = bootstrap.clock_of(moved).now, bootstrap.seconds_of(moved)
    for ahead in (None, 3600.0, 90000.5, 0.0):
        if ahead is not None:
            file.write_text(str(ahead))
        assert (now() - machine.now()).total_seconds() == pytest.approx(ahead or 0, abs=2)
        assert seconds() - time.time() == pytest.approx(ahead or 0, abs=2)


def test_sites_are_swept_when_a_developer_moves_the_time() -> None:
    """Forward and back, once each, and what was moved before the process began; not while both clocks go on."""
    world = make_world()
    ticking = ticks(world, FakeUpkeep())
    swept = []
    for seconds in (0, 0, 5, 3600, 0, -3600):
        world.clock.advance(seconds=seconds)
        ticking.leap()
        swept.append([(job.kind, job.tenant_id) for job in world.tables.jobs])
        world.tables.jobs.clear()
    both = [(JobKind.SWEEP, tenant.id) for tenant in (ACME, GLOBEX)]
    assert swept == [both, [], [], both, [], both]


def test_an_installation_has_the_machines_clock() -> None:
    """Nothing stands between."""
    assert type(bootstrap.clock_of(settings())) is bootstrap.SystemClock
    assert bootstrap.seconds_of(settings()) is time.time


@pytest.mark.processes
@pytest.mark.parametrize("ahead", [0, 86_400])
def test_the_process_ticks_and_stops(
    database: Database, database_url: str, acme: Tenant, redis_url: str, tmp_path: Path, ahead: int
) -> None:
    """SIGTERM ends it with 0. It begins at once, also where a developer's clock is ahead."""
    (tmp_path / "clock").write_text(str(ahead))
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "LOCKPOINT_BASE_URL": "http://127.0.0.1:5000",
        "LOCKPOINT_SECRET_KEYS": "an invented root key of more than 32 characters",
        "LOCKPOINT_MAIL_URL": "smtp://127.0.0.1",
        "LOCKPOINT_MAIL_FROM": "lockpoint@example.com",
        "LOCKPOINT_SWEEP_SECONDS": "2",
        "LOCKPOINT_CLOCK_FILE": str(tmp_path / "clock"),
    }
    program = "from lockpoint import clock, settings; clock.run(settings.load_settings())"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment)
    try:
        end = time.monotonic() + 30
        while "sweep" not in {row.task_name for row in queue(database)}:
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
    assert {row.args["tenant_id"] for row in queue(database)} == {acme.id}
