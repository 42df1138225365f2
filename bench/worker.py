"""How soon overwrites are undone, and what a long queue and many sites cost: `python -m bench.worker`.

The real processes, a durable Postgres, and a local Confluence that answers as late as each figure says; no clock, so
that nothing begins by itself. Moments of versions are Confluence's own. Ratios are taken within one run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg

from bench.subject import prepared
from devstack.environment import spare_ports
from devstack.stack import Stack
from lockpoint.bootstrap import SystemClock, build_clock
from lockpoint.clock import Ticks
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.settings import Settings
from lockpoint.storage.engine import Database, libpq_url
from lockpoint.storage.jobs.enqueue import PostgresJobs
from tests.e2e.system import Json, System, wait_for
from tests.support.installed import wait_for_installs

ROOT: Final = Path(__file__).parents[1]
PLENTY: Final = 1_000_000_000
HOST_SECONDS, SWEEP_HOST_SECONDS, SLOW_SECONDS = 0.2, 0.05, 8.0
AT_ONCE, OF_NEIGHBOUR, RESTORED = 20, 30, 3
TICK: Final = timedelta(seconds=15)
LOCKERS: Final = ("alice", "dana", "sam")
MANY_LOCKERS: Final = (*LOCKERS, "bob", "charlie")
"""Each may hold 200 locks."""


@dataclass(frozen=True)
class Figure:
    """One row; `value` is compared with the target, `more` is said beside it."""

    name: str
    value: float
    target: float
    unit: str = "s"
    more: str = ""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    one_by_one: int = 20
    locks: int = 1_000
    jobs: int = 2_000
    waiting: int = 100_000
    sites: int = 10_000
    witnesses: int = 1_000_000
    ticks: int = 41


QUICK: Final = Sizes(one_by_one=5, locks=200, jobs=600, waiting=20_000, sites=2_000, witnesses=100_000, ticks=21)


def main() -> None:
    """Measure what is asked for and print one table."""
    options = _options()
    sizes = QUICK if options.quick else Sizes()
    wanted = [options.only] if options.only else list(FIGURES)
    print("| figure | found | target | holds | |\n|---|---|---|---|---|", flush=True)
    for name in wanted:
        for figure in FIGURES[name](sizes):
            print(_row(figure), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=FIGURES)
    parser.add_argument("--quick", action="store_true", help="fewer of everything")
    return parser.parse_args()


def _row(figure: Figure) -> str:
    holds = "yes" if figure.value <= figure.target else "**no**"
    found, target = (f"{number:.3g} {figure.unit}".strip() for number in (figure.value, figure.target))
    return f"| {figure.name} | {found} | ≤ {target} | {holds} | {figure.more} |"


# --- the running system -----------------------------------------------------------------------------------------------


class Site:
    """The system with its files."""

    def __init__(self, system: System) -> None:
        self.system = system

    def host_takes(self, seconds: float, site: str = "acme") -> None:
        """Let every call of the app to this site take so long."""
        rule = {"kind": "delay", "seconds": seconds, "times": None, "site": site, "path": "^/wiki/|^/_sim/oauth"}
        self.system.confluence.post("/_sim/faults", rule)

    def locked_files(self, count: int, site: str = "acme", people: Sequence[str] = LOCKERS) -> list[Json]:
        """A person may have two requests at work."""
        holders = [self.system.person(name, site) for name in people]

        def one(number: int) -> Json:
            name = f"{site} {time.monotonic_ns()} {number}.txt"
            file = self.system.new_file(name, site=site, author=people[0])
            path = f"/attachments/{file['id'].removeprefix('att')}/lock"
            while not (answer := holders[number % len(holders)].call("POST", path)).ok:
                if answer.status_code not in {429, 503}:
                    raise RuntimeError(answer.text)
                time.sleep(0.1)
            return file

        with ThreadPoolExecutor(2 * len(people)) as threads:
            return list(threads.map(one, range(count)))

    def overwrite(self, files: Sequence[Json], person: str = "bob", site: str = "acme") -> None:
        with ThreadPoolExecutor(len(files)) as threads:
            list(threads.map(lambda file: self.system.upload(file, person, "overwritten", site), files))

    def undone(self, files: Sequence[Json]) -> list[float]:
        """Wait for the restores; return seconds from overwrite to restore, as Confluence dates them."""
        ids = {file["id"] for file in files}

        def look() -> list[list[Json]] | None:
            found = self.system.confluence.site("acme")["attachments"]
            versions = [file["versions"] for file in found if file["id"] in ids]
            return versions if all(len(one) >= RESTORED for one in versions) else None

        restored = wait_for("the restores", look, 120)
        return [_moment(one[-RESTORED]) - _moment(one[1 - RESTORED]) for one in restored]

    def overwrites(self, count: int) -> list[float]:
        files = self.locked_files(count)
        self.settle()
        self.overwrite(files)
        return self.undone(files)

    def settle(self) -> None:
        """Wait until no job is left."""
        url = self.system.stack.environment["DATABASE_URL"]
        with psycopg.connect(url, autocommit=True) as database:
            count = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing' OR scheduled_at IS NULL"
            wait_for("an empty queue", lambda: database.execute(count).fetchone() == (0,) or None, 120)


def _moment(version: Json) -> float:
    return datetime.fromisoformat(version["createdAt"]).timestamp()


@contextmanager
def _system() -> Iterator[Site]:
    lines: list[str] = []
    given = {"LOCKPOINT_POINTS_PER_HOUR": str(PLENTY)}
    with tempfile.TemporaryDirectory(prefix="lockpoint-bench-") as folder:
        stack = Stack(Path(folder), spare_ports(), given, lambda _name, line: lines.append(line))
        try:
            stack.start(threading.Event())
            wait_for_installs(stack)
            stack.programs["clock"].stop()
            site = Site(System(stack, lines))
            site.system.confluence.post("/_sim/quota", {"limit": PLENTY})
            yield site
        finally:
            stack.stop()


def undo(sizes: Sizes) -> Iterator[Figure]:
    """P-1, P-2: overwrites one after another, at once, and beside a neighbour that answers late."""
    with _system() as site:
        site.overwrites(1)
        site.host_takes(HOST_SECONDS)
        single = [seconds for _ in range(sizes.one_by_one) for seconds in site.overwrites(1)]
        yield Figure("undo, one at a time, host 200 ms: p95", _p95(single), 1.5, more=_spread(single))
        alone = site.overwrites(AT_ONCE)
        yield Figure(f"undo, {AT_ONCE} at once: p95", _p95(alone), 3.0, more=_spread(alone))
        beside = _beside_a_slow_neighbour(site)
        ratio = _p95(beside) / _p95(alone)
        yield Figure("the same beside a neighbour with 8 s: times p95", ratio, 1.2, "", _spread(beside))


def _beside_a_slow_neighbour(site: Site) -> list[float]:
    """The neighbour's overwrites wait, and hold all places it may have."""
    files = site.locked_files(OF_NEIGHBOUR, "globex", ("gina", "greta"))
    mine = site.locked_files(AT_ONCE)
    site.settle()
    site.host_takes(SLOW_SECONDS, "globex")
    site.overwrite(files, "hank", "globex")
    time.sleep(2)
    site.overwrite(mine)
    return site.undone(mine)


def sweep(sizes: Sizes) -> Iterator[Figure]:
    """One sweep of a site with many locks."""
    with _system() as site:
        charlie = {"account": "charlie", "spaceKey": "DS", "permissions": ["read", "update"]}
        site.system.confluence.post("/_sim/sites/acme/person", charlie)
        site.locked_files(sizes.locks, people=MANY_LOCKERS)
        site.settle()
        site.host_takes(SWEEP_HOST_SECONDS)
        url = site.system.stack.environment["DATABASE_URL"]
        with psycopg.connect(url, autocommit=True) as database:
            count = "SELECT tenant_id FROM lock_witness WHERE holder IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC"
            tenant_id = _number(database, count)
        said_before = len(site.system.lines)
        PostgresJobs(Database(url)).defer([Job(JobKind.SWEEP, tenant_id)])
        seconds = wait_for("the sweep", lambda: _seconds_of_sweep(site.system.lines[said_before:]), 300)
        yield Figure(f"sweep of {sizes.locks:,} locks, host 50 ms", seconds, sizes.locks / 100)


def _seconds_of_sweep(lines: Sequence[str]) -> float | None:
    said = [json.loads(line) for line in reversed(lines) if '"kind": "sweep"' in line and '"event": "job"' in line]
    return float(said[0]["seconds"]) if said else None


# --- the queue --------------------------------------------------------------------------------------------------------


def queue(sizes: Sizes) -> Iterator[Figure]:
    """H11: jobs that do nothing, of 50 sites, in a short and in a long queue."""
    with tempfile.TemporaryDirectory(prefix="lockpoint-bench-") as folder, prepared(Path(folder)) as subject:
        url = subject.environment["DATABASE_URL"]
        jobs = PostgresJobs(Database(url))
        short = statistics.median(_rate(url, jobs, sizes.jobs) for _ in range(3))
        _fill(jobs, sizes.waiting)
        long = statistics.median(_rate(url, jobs, sizes.jobs) for _ in range(3))
        more = f"{short:.0f} jobs/s, then {long:.0f}"
        yield Figure(f"queue with {sizes.waiting:,} waiting: times slower", short / long, 1.3, "", more)


def _fill(jobs: PostgresJobs, count: int) -> None:
    jobs.defer([Job(JobKind.RECONCILE, number % 50 + 1, f"{time.monotonic_ns()}-{number}") for number in range(count)])


def _rate(url: str, jobs: PostgresJobs, count: int) -> float:
    """Jobs a second; the first ones, with the start of the worker, do not count."""
    _fill(jobs, count)
    first, last = count // 10, count - count // 10
    command = [sys.executable, "-m", "bench.idle_worker", url, str(first), str(last)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=300)
    return (last - first) / float(done.stdout)


# --- the clock --------------------------------------------------------------------------------------------------------


class _Moving:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.moment = SystemClock().now()

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


_SITES: Final = """
    INSERT INTO installation (client_key, base_url, installed, enabled)
    SELECT 'site-' || n, 'https://site-' || n || '.atlassian.net/wiki', true, true FROM generate_series(1, %s) AS n
"""
_WITNESSES: Final = """
    INSERT INTO lock_witness (tenant_id, attachment_id, epoch, seq, holder, record, protection, seen_at)
    SELECT n %% %s + 1, n::text, 1, 1, 'person-' || n %% 5000, '{}', 'protected', now() FROM generate_series(1, %s) AS n
"""


def tick(sizes: Sizes) -> Iterator[Figure]:
    """H13: the clock's tick for sweeps, as time passes."""
    with tempfile.TemporaryDirectory(prefix="lockpoint-bench-") as folder, prepared(Path(folder)) as subject:
        with psycopg.connect(libpq_url(subject.environment["DATABASE_URL"]), autocommit=True) as database:
            database.execute(_SITES, [sizes.sites])
            database.execute(_WITNESSES, [sizes.sites, sizes.witnesses])
            database.execute("VACUUM ANALYZE")
        taken = _ticks(Settings.model_validate(subject.environment), sizes.ticks)
        name = f"tick with {sizes.sites:,} sites and {sizes.witnesses:,} locks: median"
        longest = f"longest {max(taken):.0f} ms (once a minute it counts)"
        yield Figure(name, statistics.median(taken), 50, "ms", longest)


def _ticks(settings: Settings, count: int) -> list[float]:
    services, upkeep = build_clock(settings)
    clock = _Moving()
    ticks = Ticks(replace(services, clock=clock), upkeep, settings)
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        ticks.sweep()
        taken.append((time.perf_counter() - began) * 1000)
        clock.sleep(TICK.total_seconds())
    return taken


# --- numbers ----------------------------------------------------------------------------------------------------------


def _number(database: psycopg.Connection[Any], statement: str) -> int:
    row = database.execute(statement.encode()).fetchone()
    return int(row[0]) if row else 0


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[-1 - len(values) // 20]


def _spread(values: Sequence[float]) -> str:
    return f"p50 {statistics.median(values):.2f} s, p95 {_p95(values):.2f} s, n = {len(values)}"


FIGURES: Final[dict[str, Callable[[Sizes], Iterator[Figure]]]] = {
    "undo": undo, "sweep": sweep, "queue": queue, "tick": tick,
}  # fmt: skip

if __name__ == "__main__":
    main()
