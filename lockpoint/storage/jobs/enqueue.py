"""Queueing of jobs in the transaction of their cause, equal ones once.

Rows are inserted into procrastinate's table: in its `defer` a second equal job is a unique violation, which would abort
the transaction. Arguments are ids only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import ABOUT_PEOPLE, Job, JobKind
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import QUEUE

QUEUE_NAME: Final = "lockpoint"

# What a person waits for is first, maintenance last.
PRIORITY: Final = {
    JobKind.TRASHED: 25,  # it says who; a look before it would undo the holder's own trashing
    JobKind.RECONCILE: 20,
    JobKind.MOVED: 20,
    JobKind.SEND_MAIL: 10,
    JobKind.PAGE_HINT: 0,
    JobKind.SELF_TEST: 0,
    JobKind.CONFIRM: 0,
    JobKind.PROFILE: -5,
    JobKind.ERASE: -10,
    JobKind.TOMBSTONES: -20,
    JobKind.HOLDERS: -20,
    JobKind.HOLDER_GONE: -10,
    JobKind.REPORT_ACCOUNTS: -20,
    JobKind.SWEEP: -10,
    JobKind.SWITCHED: -10,
    JobKind.REDISCOVER: -20,
    JobKind.GOODBYE: -20,
    JobKind.COPY_TEXTS: -10,
}


def priority_of(job: Job) -> int:
    return PRIORITY[job.kind]


ROWS: Final = "jsonb_to_recordset(%(jobs)s::jsonb)"
"""One document: the text is the same for any number of jobs, and arrays cost the driver ten times as much."""

NAMES: Final = "key text, task text, priority int, tenant_id int, subject text, delay float"


def insertion(source: str) -> str:
    """Return the statement that inserts the jobs of `source`, which has `NAMES`."""
    return f"""
        INSERT INTO procrastinate_jobs
            (queue_name, task_name, priority, lock, queueing_lock, args, status, scheduled_at, attempts)
        SELECT '{QUEUE_NAME}', task, priority, key, key, jsonb_build_object('tenant_id', tenant_id, 'subject', subject),
            'todo', CASE WHEN delay > 0 THEN now() + make_interval(secs => delay) END, 0
        FROM {source}
        ON CONFLICT (queueing_lock) WHERE status = 'todo' DO UPDATE SET scheduled_at = excluded.scheduled_at
        WHERE procrastinate_jobs.attempts = 0
            AND procrastinate_jobs.scheduled_at > coalesce(excluded.scheduled_at, now())
    """  # noqa: S608 - of constants


_ENQUEUE: Final = insertion(f"{ROWS} AS job ({NAMES})")
_MOST_AT_ONCE: Final = 10_000
"""Well below the time-out of a statement."""


def enqueue(connection: Connection, jobs: Sequence[Job]) -> None:
    """Add the jobs; one that waits already is brought forward when the new one is due earlier.

    A running job does not count as waiting: what happened since its read needs another one. A retry keeps its time.
    Rows are locked in one order, so that two transactions never wait for each other.
    """
    earliest: dict[str, Job] = {}
    for job in sorted(jobs, key=lambda job: job.delay, reverse=True):
        earliest[key_of(job)] = job
    keys = sorted(earliest)
    for first in range(0, len(keys), _MOST_AT_ONCE):
        some = keys[first : first + _MOST_AT_ONCE]
        connection.exec_driver_sql(_ENQUEUE, {"jobs": json.dumps([row_of(key, earliest[key]) for key in some])})


def key_of(job: Job) -> str:
    """Equal jobs wait once and run one after another; `ValueError` for an account id in clear."""
    if job.kind in ABOUT_PEOPLE and job.name is None:
        raise ValueError(f"a job {job.kind.value} needs a name without an account id")
    return f"{job.kind.value}:{job.tenant_id}:{job.name or job.subject}"


def row_of(key: str, job: Job) -> dict[str, object]:
    return {
        "key": key,
        "task": job.kind.value,
        "priority": priority_of(job),
        "tenant_id": job.tenant_id,
        "subject": job.subject,
        "delay": job.delay.total_seconds(),
    }


class PostgresJobs:
    def __init__(self, database: Database) -> None:
        self._database = database

    def defer(self, jobs: Sequence[Job]) -> None:
        with self._database.single() as connection:
            enqueue(connection, jobs)

    def pending(self, tenant: Tenant, kind: JobKind) -> bool:
        its = (QUEUE.c.task_name == kind.value) & QUEUE.c.status.in_(("todo", "doing"))
        of_site = QUEUE.c.args["tenant_id"].as_integer() == tenant.id
        with self._database.single() as connection:
            return connection.execute(select(QUEUE.c.id).where(of_site, its).limit(1)).first() is not None
