from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database, Driver
from lockpoint.storage.jobs.enqueue import key_of, row_of
from lockpoint.storage.jobs.held_file_jobs import DEFER, MOST_WAITING, PostgresHeldFileJobs
from tests.fakes.world import FakeClock
from tests.storage.builders import queue, witness


class Held(Database):
    """A pool whose first connection for the hot path waits for `go`; counts them. `trouble` makes all fail."""

    def __init__(self, url: str) -> None:
        super().__init__(url, size=4)
        self.go = threading.Event()
        self.taken = 0
        self.trouble: Exception | None = None

    @contextmanager
    def driver(self) -> Iterator[Driver]:
        self.taken += 1
        assert self.go.wait(20)
        if self.trouble is not None:
            raise self.trouble
        with super().driver() as driver:
            yield driver


@pytest.fixture
def pool(database_url: str) -> Iterator[Held]:
    pool = Held(database_url)
    yield pool
    pool.close()


@pytest.fixture
def locked(database: Database, acme: Tenant) -> list[str]:
    files = [str(number) for number in range(1, 31)]
    for file in files:
        PostgresEffects(database, FakeClock()).record(acme, Effects(witness=witness(file)))
    return files


def look(tenant: Tenant, *files: str) -> dict[str, Job]:
    return {file: Job(JobKind.RECONCILE, tenant.id, file) for file in files}


def together(pool: Held, jobs: PostgresHeldFileJobs, calls: list[tuple[Tenant, dict[str, Job]]]) -> list[Any]:
    """Call from a thread each; all but the first wait while it writes."""

    def call(tenant: Tenant, named: dict[str, Job]) -> int | Exception:
        try:
            return jobs.defer(tenant, named)
        except Exception as error:  # noqa: BLE001 - it is what the test compares
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        begun = [threads.submit(call, *each) for each in calls]
        while len(jobs._waiting) < len(calls) - 1:
            assert not pool.go.is_set()
        pool.go.set()
        return [each.result(20) for each in begun]


def test_what_comes_together_shares_a_commit(pool: Held, acme: Tenant, globex: Tenant, locked: list[str]) -> None:
    """H6: each is answered for its own files and site, after its jobs are there."""
    jobs = PostgresHeldFileJobs(pool)
    calls = [(acme, look(acme, file, f"9{file}")) for file in locked[:20]] + [(globex, look(globex, "1", "2"))]
    assert together(pool, jobs, calls) == [1] * 20 + [0]
    assert pool.taken == 2
    assert {row.queueing_lock for row in queue(pool)} == {f"reconcile:{acme.id}:{file}" for file in locked[:20]}


def test_webhooks_of_one_file_share_a_row(pool: Held, acme: Tenant, locked: list[str]) -> None:
    jobs = PostgresHeldFileJobs(pool)
    assert together(pool, jobs, [(acme, look(acme, locked[0]))] * 8) == [1] * 8
    assert len(queue(pool)) == 1


def test_a_row_that_postgres_refuses_spoils_no_other(pool: Held, acme: Tenant, locked: list[str]) -> None:
    jobs = PostgresHeldFileJobs(pool)
    calls = [(acme, look(acme, file)) for file in [*locked[:5], "a NUL \0", *locked[5:10]]]
    answers = together(pool, jobs, calls)
    assert [each for each in answers if each != 1] == [answers[5]]
    assert isinstance(answers[5], psycopg.DataError)
    assert len(queue(pool)) == 10


def test_without_the_database_every_caller_learns_it(pool: Held, acme: Tenant, locked: list[str]) -> None:
    """F33: and the next call tries again."""
    jobs = PostgresHeldFileJobs(pool)
    pool.trouble = StorageUnavailable("away")
    calls = [(acme, look(acme, file)) for file in locked[:5]]
    assert [type(each) for each in together(pool, jobs, calls)] == [StorageUnavailable] * 5
    pool.trouble = None
    assert jobs.defer(acme, look(acme, locked[0])) == 1


def test_too_many_waiting_webhooks_are_turned_away(pool: Held, acme: Tenant, locked: list[str]) -> None:
    jobs = PostgresHeldFileJobs(pool)
    calls = [(acme, look(acme, locked[0]))] * (MOST_WAITING + 1)
    with ThreadPoolExecutor(len(calls)) as threads:
        begun = [threads.submit(jobs.defer, *each) for each in calls]
        while len(jobs._waiting) < MOST_WAITING:
            assert not pool.go.is_set()
        with pytest.raises(StorageUnavailable):
            jobs.defer(acme, look(acme, locked[0]))
        pool.go.set()
        assert [each.result(20) for each in begun] == [1] * len(calls)


@pytest.mark.parametrize(("file", "waits", "writes"), [("77", False, False), ("1", True, False), ("1", False, True)])
def test_nothing_is_committed_without_need(
    database: Database, acme: Tenant, locked: list[str], file: str, waits: bool, writes: bool
) -> None:
    """H6: neither for a file that is not locked nor for a job that waits already."""
    assert locked
    named = look(acme, file)
    if waits:
        PostgresHeldFileJobs(database).defer(acme, named)
    with database.transaction() as connection:
        rows = [row_of(key_of(job), job) | {"file": file} for file, job in named.items()]
        connection.exec_driver_sql(DEFER, {"jobs": json.dumps(rows)})
        written = connection.exec_driver_sql("SELECT pg_current_xact_id_if_assigned() IS NOT NULL").scalar_one()
    assert written is writes


def test_a_running_job_and_a_delayed_one_do_not_count_as_waiting(
    database: Database, acme: Tenant, locked: list[str]
) -> None:
    """The delayed one is brought forward."""
    jobs = PostgresHeldFileJobs(database)
    with database.single() as connection:
        jobs.defer(acme, look(acme, *locked[:2]))
        connection.exec_driver_sql("UPDATE procrastinate_jobs SET status = 'doing' WHERE args->>'subject' = '1'")
        connection.exec_driver_sql("UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 h' WHERE id = 2")
    assert jobs.defer(acme, look(acme, *locked[:2])) == 2
    assert [(row.args["subject"], row.status, row.scheduled_at) for row in queue(database)] == [
        ("1", "doing", None),
        ("2", "todo", None),
        ("1", "todo", None),
    ]
