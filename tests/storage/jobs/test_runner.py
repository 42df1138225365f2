import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text, update

from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import PostgresJobs
from lockpoint.storage.jobs.parked_jobs import PostgresParkedJobs
from lockpoint.storage.tables import QUEUE, WORKERS
from tests.storage.builders import queue
from tests.support.checkout import ROOT
from tests.support.half_dead_proxy import half_dead_proxy

pytestmark = pytest.mark.processes


@dataclass
class Workers:
    """Real worker processes; their jobs write marks to the database."""

    database: Database
    url: str
    log: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, grace: float = 25) -> subprocess.Popen[bytes]:
        before = len(self.marks("ready"))
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.storage.jobs.worker_process", self.url, str(grace)],
                cwd=ROOT, stdout=output, stderr=output,
            )  # fmt: skip
        self.processes.append(process)
        self.wait(lambda: len(self.marks("ready")) > before)
        return process

    def marks(self, what: str) -> list[str]:
        with self.database.single() as connection:
            rows = connection.execute(text("SELECT subject FROM mark WHERE what = :w ORDER BY at"), {"w": what})
            return list(rows.scalars())

    def wait(self, done: Callable[[], bool], seconds: float = 90) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)


@pytest.fixture
def workers(database: Database, database_url: str, tmp_path: Path) -> Iterator[Workers]:
    with database.single() as connection:
        connection.execute(
            text("CREATE TABLE mark (subject text, what text, at timestamptz DEFAULT clock_timestamp())")
        )
    workers = Workers(database, database_url, tmp_path / "worker.log")
    yield workers
    for process in workers.processes:
        process.kill()
        process.wait()


@pytest.fixture
def jobs(database: Database) -> PostgresJobs:
    return PostgresJobs(database)


def job(subject: str) -> Job:
    return Job(JobKind.RECONCILE, 1, subject)


def test_a_job_runs_at_once_and_leaves_nothing(workers: Workers, jobs: PostgresJobs, database: Database) -> None:
    """Successful jobs are deleted."""
    workers.start()
    jobs.defer([job("sleep 0")])
    workers.wait(lambda: workers.marks("ended") == ["sleep 0"], 10)
    workers.wait(lambda: queue(database) == [])


def test_a_killed_worker_loses_no_job(workers: Workers, jobs: PostgresJobs, database: Database) -> None:
    """F38: after kill -9 another worker repeats it within 30 s."""
    jobs.defer([job("sleep 3")])
    victim = workers.start()
    workers.wait(lambda: workers.marks("began") == ["sleep 3"])
    victim.kill()
    victim.wait()
    killed = time.monotonic()
    workers.start()
    workers.wait(lambda: workers.marks("ended") == ["sleep 3"])
    assert time.monotonic() - killed < 30
    assert workers.marks("began") == ["sleep 3", "sleep 3"]
    workers.wait(lambda: queue(database) == [])


def test_a_stopped_worker_finishes_its_job(workers: Workers, jobs: PostgresJobs, database: Database) -> None:
    """F39: SIGTERM: queued jobs stay, the process exits with 0."""
    process = workers.start()
    jobs.defer([job("sleep 2"), Job(JobKind.SWEEP, 2, "sleep 2.1"), Job(JobKind.SWEEP, 3, "sleep 0")])
    workers.wait(lambda: len(workers.marks("began")) == 2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert sorted(workers.marks("ended")) == ["sleep 2", "sleep 2.1"]
    assert [(row.status, row.args["tenant_id"]) for row in queue(database)] == [("todo", 3)]


def test_a_slow_site_leaves_places_to_others(workers: Workers, jobs: PostgresJobs) -> None:
    """F2: it has half of the places, however many of its jobs wait and how urgent they are."""
    jobs.defer([job(f"sleep 40.{number}") for number in range(9)])
    workers.start()
    workers.wait(lambda: workers.marks("began") == ["sleep 40.0"])
    for number in range(3):
        jobs.defer([Job(JobKind.SWEEP, 2, f"sleep 0.0{number}")])
        workers.wait(lambda number=number: f"sleep 0.0{number}" in workers.marks("ended"), 10)
    assert [mark for mark in workers.marks("began") if mark.startswith("sleep 4")] == ["sleep 40.0"]


def test_a_stop_is_never_late(workers: Workers, jobs: PostgresJobs, database: Database) -> None:
    """F39: SIGTERM with a job longer than the grace time: the job is requeued."""
    process = workers.start(grace=1)
    jobs.defer([job("sleep 60")])
    workers.wait(lambda: workers.marks("began") == ["sleep 60"])
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 1
    assert [row.status for row in queue(database)] == ["doing"]
    with database.transaction() as connection:
        connection.execute(update(WORKERS).values(last_heartbeat=text("now() - interval '20 seconds'")))
    workers.start()
    workers.wait(lambda: workers.marks("began") == ["sleep 60", "sleep 60"], 20)


def test_a_paused_worker_comes_back_to_a_job_of_another(
    workers: Workers, jobs: PostgresJobs, database: Database
) -> None:
    """F40: SIGSTOP, silence, SIGCONT: the job runs twice, ends once in the queue, and both workers go on."""
    jobs.defer([job("sleep 3")])
    paused = workers.start()
    workers.wait(lambda: workers.marks("began") == ["sleep 3"])
    paused.send_signal(signal.SIGSTOP)
    with database.transaction() as connection:
        connection.execute(update(WORKERS).values(last_heartbeat=text("now() - interval '90 seconds'")))
    other = workers.start()
    workers.wait(lambda: workers.marks("ended") == ["sleep 3"], 20)
    paused.send_signal(signal.SIGCONT)
    workers.wait(lambda: workers.marks("ended") == ["sleep 3", "sleep 3"], 20)
    workers.wait(lambda: queue(database) == [])
    other.send_signal(signal.SIGTERM)
    assert other.wait(10) == 0
    jobs.defer([job("sleep 0")])
    workers.wait(lambda: workers.marks("ended")[2:] == ["sleep 0"], 20)
    assert workers.marks("began").count("sleep 3") == 2


def test_a_job_that_must_wait_waits(workers: Workers, jobs: PostgresJobs, database: Database) -> None:
    """By Confluence's Retry-After; it counts an attempt."""
    workers.start()
    jobs.defer([job("quota 1234")])
    workers.wait(lambda: [(row.status, row.attempts) for row in queue(database)] == [("todo", 1)])
    with database.single() as connection:
        wait = connection.execute(text("SELECT extract(epoch FROM scheduled_at - now()) FROM procrastinate_jobs"))
        assert 1200 < wait.scalar_one() <= 1234


def test_a_job_that_never_works_is_parked(workers: Workers, jobs: PostgresJobs, database: Database) -> None:
    """F42: with its error's name and without its text; other jobs run."""
    jobs.defer([job("bug")])
    with database.transaction() as connection:
        connection.execute(update(QUEUE).values(attempts=4))
    workers.start()
    workers.wait(lambda: len(PostgresParkedJobs(database).list()) == 1)
    jobs.defer([job("sleep 0")])
    workers.wait(lambda: workers.marks("ended") == ["sleep 0"])
    (parked,) = PostgresParkedJobs(database).list()
    assert (parked.cause, parked.attempts, parked.subject) == ("ValueError", 5, "bug")
    assert "CANARY" not in workers.log.read_text()
    assert PostgresParkedJobs(database).retry(parked.id)
    workers.wait(lambda: workers.marks("began").count("bug") == 2)


def test_a_worker_works_on_behind_a_half_dead_proxy(
    workers: Workers, jobs: PostgresJobs, database: Database, database_url: str
) -> None:
    """A5: a job that comes while the old connections are silent is done within a minute, and later ones at once."""
    with half_dead_proxy(database_url) as proxy:
        workers.url = proxy.url
        workers.start()
        jobs.defer([job("before")])
        workers.wait(lambda: "before" in workers.marks("ended"))
        assert proxy.freeze() >= 2
        jobs.defer([job("after")])
        workers.wait(lambda: "after" in workers.marks("ended"), seconds=60)
        jobs.defer([job("later")])
        workers.wait(lambda: "later" in workers.marks("ended"), seconds=10)
        workers.wait(lambda: queue(database) == [])


def test_a_worker_outlives_its_connections(workers: Workers, jobs: PostgresJobs, database: Database) -> None:
    """F33: all backends are terminated; the running job ends or is repeated."""
    workers.start()
    jobs.defer([job("sleep 1")])
    workers.wait(lambda: workers.marks("began") == ["sleep 1"])
    with database.single() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    jobs.defer([job("sleep 0")])
    workers.wait(lambda: {"sleep 0", "sleep 1"} <= set(workers.marks("ended")))
    workers.wait(lambda: queue(database) == [])
