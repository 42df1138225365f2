"""Queueing of jobs in the transaction of their cause, equal ones once.

Rows are inserted into procrastinate's table: in its `defer` a second equal job is a unique violation, which would abort
the transaction. Arguments are ids only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, and_, func, select, text
from sqlalchemy.dialects.postgresql import insert

from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import QUEUE

QUEUE_NAME: Final = "lockpoint"

# What a person waits for is first, maintenance last.
PRIORITY: Final = {
    JobKind.TRASHED: 25,  # it says who; a look before it would undo the holder's own trashing
    JobKind.RECONCILE: 20,
    JobKind.SEND_MAIL: 10,
    JobKind.PAGE_HINT: 0,
    JobKind.SELF_TEST: 0,
    JobKind.CONFIRM: 0,
    JobKind.PROFILE: -5,
    JobKind.ERASE: -10,
    JobKind.REPORT_ACCOUNTS: -20,
    JobKind.SWEEP: -10,
    JobKind.REDISCOVER: -20,
}


def priority_of(job: Job) -> int:
    return PRIORITY[job.kind]


def enqueue(connection: Connection, jobs: Sequence[Job]) -> None:
    """Add the jobs; one that waits already is brought forward when the new one is due earlier.

    A running job does not count as waiting: what happened since its read needs another one. A retry keeps its time.
    Rows are locked in one order, so that two transactions never wait for each other.
    """
    earliest: dict[str, Job] = {}
    for job in sorted(jobs, key=lambda job: job.delay, reverse=True):
        earliest[key_of(job)] = job
    if not earliest:
        return
    statement = insert(QUEUE).values([_row(key, earliest[key]) for key in sorted(earliest)])
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[QUEUE.c.queueing_lock],
            index_where=text("status = 'todo'"),
            set_={"scheduled_at": new.scheduled_at},
            where=and_(QUEUE.c.attempts == 0, QUEUE.c.scheduled_at > func.coalesce(new.scheduled_at, func.now())),
        )
    )


def key_of(job: Job) -> str:
    """Equal jobs wait once and run one after another."""
    return f"{job.kind.value}:{job.tenant_id}:{job.subject}"


def _row(key: str, job: Job) -> dict[str, object]:
    return {
        "queue_name": QUEUE_NAME,
        "task_name": job.kind.value,
        "priority": priority_of(job),
        "lock": key,
        "queueing_lock": key,
        "args": {"tenant_id": job.tenant_id, "subject": job.subject},
        "status": "todo",
        "scheduled_at": func.now() + job.delay if job.delay else None,
        "attempts": 0,
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
