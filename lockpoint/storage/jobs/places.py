"""Places in a worker: one site may have half of them, so that a slow one holds up nobody else.

procrastinate fetches whatever is first in the queue; here the sites that have their share are passed over. In our queue
a job's lock is its queueing lock, so no equal job waits before it: only a running one has to be looked for. From the
form of these conditions the planner expects that most jobs meet them, else it sorts all that wait.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from procrastinate.connector import BaseConnector
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

FETCH: Final = """
    UPDATE procrastinate_jobs SET status = 'doing', worker_id = %(worker_id)s
    WHERE id = (
        SELECT id FROM procrastinate_jobs AS waiting
        WHERE status = 'todo' AND (scheduled_at > now()) IS NOT TRUE
            AND coalesce((args ->> 'tenant_id')::int, 0) <> ALL(%(full)s::int[])
            AND coalesce((SELECT 1 FROM procrastinate_jobs AS running
                WHERE running.status = 'doing' AND running.lock = waiting.lock), 0) <> 1
        ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, status, task_name, priority, lock, queueing_lock, args, scheduled_at, queue_name, attempts, worker_id
"""


RETRY: Final = """
    WITH again AS (
        INSERT INTO procrastinate_jobs
            (queue_name, task_name, priority, lock, queueing_lock, args, status, scheduled_at, attempts)
        SELECT queue_name, task_name, priority, lock, queueing_lock, args, 'todo', %(retry_at)s, attempts + 1
        FROM procrastinate_jobs WHERE id = %(job_id)s
        ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING)
    SELECT procrastinate_finish_job_v1(%(job_id)s, 'succeeded', true)
"""


class WorkerPlaces:
    """The running jobs of this worker by site. Thread-safe."""

    def __init__(self, places: int) -> None:
        self._share = max(1, places // 2)
        self._taken: Counter[int] = Counter()
        self._lock = threading.Lock()

    def full(self) -> list[int]:
        """Return the sites that may not have another place."""
        with self._lock:
            return [site for site, taken in self._taken.items() if taken >= self._share]

    def reset(self, running: Iterable[int]) -> None:
        """Forget places of jobs that never began: these are the sites of all that run."""
        with self._lock:
            self._taken = Counter(running)

    def take(self, site: int) -> None:
        with self._lock:
            self._taken[site] += 1

    def give_back(self, site: int) -> None:
        with self._lock:
            self._taken[site] -= 1
            if self._taken[site] <= 0:
                del self._taken[site]


def site_of(arguments: Mapping[str, object]) -> int:
    """Return the site of a job; an odd job is of none."""
    site = arguments.get("tenant_id")
    return site if isinstance(site, int) else 0


class FairJobs(JobManager):
    def __init__(self, connector: BaseConnector, places: WorkerPlaces) -> None:
        super().__init__(connector)
        self._places = places

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """The place is taken here, and given back by whoever ends the job."""
        del queues  # there is one
        rows = await self.connector.execute_query_all_async(FETCH, worker_id=worker_id, full=self._places.full())
        if not rows:
            return None
        job = Job.from_row(rows[0])
        self._places.take(site_of(rows[0]["args"]))
        return job

    async def retry_job_by_id_async(
        self,
        job_id: int,
        retry_at: datetime,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Leave the work to an equal job that waits; procrastinate would violate an index, whose keys servers log."""
        del priority, queue, lock  # nobody changes them
        await self.connector.execute_query_async(RETRY, job_id=job_id, retry_at=retry_at)
