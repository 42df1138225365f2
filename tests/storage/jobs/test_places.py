"""Half of a worker's places for one site; and a queue that is as fast when it is long."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.connector import PooledConnector
from lockpoint.storage.jobs.enqueue import QUEUE_NAME, PostgresJobs
from lockpoint.storage.jobs.places import FETCH, FairJobs, WorkerPlaces


@pytest.mark.parametrize(("places", "share"), [(1, 1), (2, 1), (3, 1), (16, 8)])
def test_a_site_has_half_of_the_places(places: int, share: int) -> None:
    taken = WorkerPlaces(places)
    for _ in range(share):
        assert taken.full() == []
        taken.take(1)
    assert taken.full() == [1]
    taken.take(2)
    assert taken.full() == ([1, 2] if share == 1 else [1])
    taken.give_back(1)
    assert 1 not in taken.full()
    taken.reset([2] * share)
    assert taken.full() == [2]


def _fetched(database: Database, places: WorkerPlaces, most: int) -> list[tuple[int, str]]:
    async def fetch() -> list[tuple[int, str]]:
        connector = PooledConnector(database)
        queue, found = FairJobs(connector, places), []
        worker_id = await queue.register_worker()
        while len(found) < most and (job := await queue.fetch_job([QUEUE_NAME], worker_id)):
            found.append((int(str(job.task_kwargs["tenant_id"])), str(job.task_kwargs["subject"])))
        await connector.close_async()
        return found

    with ThreadPoolExecutor(1) as own:  # a browser's loop runs in this one where its tests came before
        return own.submit(asyncio.run, fetch()).result()


def test_jobs_come_by_urgency_and_age(database: Database) -> None:
    """Those that are due, a site that has its share passed over, and no equal one beside a running one."""
    jobs = PostgresJobs(database)
    waiting = [Job(JobKind.SWEEP, 1), Job(JobKind.RECONCILE, 1, "a"), Job(JobKind.RECONCILE, 1, "b")]
    jobs.defer([*waiting, Job(JobKind.SWEEP, 2, "x")])
    with database.single() as connection:
        connection.execute(
            text("UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 h' WHERE args ->> 'subject' = 'b'")
        )
    assert _fetched(database, WorkerPlaces(2), 9) == [(1, "a"), (2, "x")]
    jobs.defer([Job(JobKind.RECONCILE, 1, "a")])
    assert _fetched(database, WorkerPlaces(16), 9) == [(1, "")]


@pytest.mark.parametrize("planned", ["when it is long", "when it was empty"])
def test_a_long_queue_is_not_read_through(database: Database, planned: str) -> None:
    """H11: nothing is known yet of the table, or a connection keeps its plan of quieter times."""
    many = 3000
    jobs = [Job(JobKind.RECONCILE, number, "x") for number in range(1, many)]
    preparation = f"PREPARE first_job(bigint, int[]) AS {FETCH % {'worker_id': '$1', 'full': '$2'}}"
    with database.driver() as driver:
        driver.execute("SET plan_cache_mode = force_generic_plan")
        if planned == "when it is long":
            PostgresJobs(database).defer(jobs)
        driver.execute(preparation.encode())
        driver.execute("EXPLAIN EXECUTE first_job(NULL, '{}')")
        if planned == "when it was empty":
            PostgresJobs(database).defer(jobs)
        plan = driver.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE first_job(NULL, '{1}')").fetchone()
    assert plan is not None
    assert plan[0][0]["Plan"]["Shared Hit Blocks"] < many / 20
