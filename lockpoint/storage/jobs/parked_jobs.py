"""Jobs to retry, parked jobs, and jobs of dead workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, cast, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert

from lockpoint.services.errors import NoTokenYet
from lockpoint.storage.advisory_locks import Purpose, hold_in_transaction
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.retry_policy import ATTEMPTS
from lockpoint.storage.tables import FORGE_TOKEN, QUEUE, WORKERS

SILENCE: Final = timedelta(seconds=15)
"""A worker silent for so long is dead; its heartbeat comes every 3 s, also during shutdown."""

NO_TOKEN: Final = NoTokenYet.__name__
"""The cause of jobs that wait for a token."""

LATELY: Final = timedelta(minutes=1)
SOON_SECONDS: Final = 5.0

_PARKED_AT: Final = text("(SELECT max(at) FROM procrastinate_events WHERE job_id = procrastinate_jobs.id) AS parked_at")
_FINISH: Final = text("SELECT procrastinate_finish_job_v1(:id, 'succeeded', true)")

_RETRY: Final = text("SELECT procrastinate_retry_job_v2(:id, now(), NULL, NULL, NULL)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedJob:
    """`cause` is the name of the error."""

    id: int
    kind: str
    tenant_id: int
    subject: str
    attempts: int
    cause: str | None
    since: datetime | None
    """When it was parked."""


def put_off(connection: Connection, job_id: int, attempts: int, seconds: float, *, counts: bool = True) -> None:
    """Retry a running job later, unless an equal one waits, which then does the work.

    The new row is a copy, since the running one is about to end; procrastinate's own retry fails on an equal one.
    """
    connection.execute(_copy(job_id, attempts + counts, seconds))


def _copy(job_id: int, attempts: int, seconds: float) -> Insert:
    """Insert a waiting copy of the job, unless an equal one waits."""
    row = QUEUE.c
    again = select(
        row.queue_name, row.task_name, row.priority, row.lock, row.queueing_lock, row.args,
        func.now() + timedelta(seconds=seconds), literal(attempts),
    ).where(row.id == job_id)  # fmt: skip
    columns = ["queue_name", "task_name", "priority", "lock", "queueing_lock", "args", "scheduled_at", "attempts"]
    return (
        insert(QUEUE)
        .from_select(columns, again)
        .on_conflict_do_nothing(index_elements=[row.queueing_lock], index_where=text("status = 'todo'"))
    )


def put_off_for_token(connection: Connection, job_id: int, attempts: int, tenant_id: int, seconds: float) -> None:
    """Let the job wait for a token, but not for long where one came just now: it woke only those that waited then."""
    hold_in_transaction(connection, Purpose.FORGE_TOKEN, tenant_id)
    token = FORGE_TOKEN.c
    came = select(token.tenant_id).where(token.tenant_id == tenant_id, token.received_at > func.now() - LATELY)
    lately = connection.execute(came).first() is not None
    note_cause(connection, job_id, NO_TOKEN)
    put_off(connection, job_id, attempts, SOON_SECONDS if lately else seconds, counts=False)


def wake(connection: Connection, tenant_id: int) -> None:
    """Make the site's jobs due that wait for a token, which was written before."""
    hold_in_transaction(connection, Purpose.FORGE_TOKEN, tenant_id)
    waiting = (QUEUE.c.status == "todo") & (QUEUE.c.args["cause"].as_string() == NO_TOKEN)
    of_site = QUEUE.c.args["tenant_id"].as_integer() == tenant_id
    awake = {"scheduled_at": func.now(), "args": QUEUE.c.args.op("-")("cause")}
    connection.execute(update(QUEUE).where(waiting, of_site).values(awake))


def note_cause(connection: Connection, job_id: int, cause: str) -> None:
    connection.execute(
        update(QUEUE).where(QUEUE.c.id == job_id).values(args=QUEUE.c.args.op("||")(cast({"cause": cause}, JSONB)))
    )


def requeue_stalled(database: Database, silence: timedelta = SILENCE) -> int:
    """A job whose worker died too often is parked: it may be what kills them. `StorageUnavailable`."""
    statement = (
        select(QUEUE.c.id, QUEUE.c.attempts)
        .outerjoin(WORKERS, WORKERS.c.id == QUEUE.c.worker_id)
        .where(
            QUEUE.c.status == "doing",
            WORKERS.c.id.is_(None) | (WORKERS.c.last_heartbeat < func.now() - silence),
        )
        .order_by(QUEUE.c.id)
        .with_for_update(of=QUEUE, skip_locked=True)
    )
    return _give_back(database, statement)


def requeue_lost(database: Database, worker_id: int, running: Sequence[int], since: timedelta = SILENCE) -> int:
    """Requeue jobs booked as running at this live worker that do not run; return how many. `StorageUnavailable`.

    They exist when the database was away as a job ended.
    """
    statement = (
        select(QUEUE.c.id, QUEUE.c.attempts)
        .where(
            QUEUE.c.status == "doing",
            QUEUE.c.worker_id == worker_id,
            QUEUE.c.id.not_in(running),
            text(
                "NOT EXISTS (SELECT 1 FROM procrastinate_events event WHERE event.job_id = procrastinate_jobs.id"
                " AND event.type = 'started' AND event.at > now() - :since)"
            ).bindparams(since=since),
        )
        .with_for_update(skip_locked=True)
    )
    return _give_back(database, statement)


def _give_back(database: Database, statement: Any) -> int:
    with database.transaction() as connection:
        rows = connection.execute(statement).all()
        for row in rows:
            _give_back_one(connection, row)
    return len(rows)


def _give_back_one(connection: Connection, row: Row[Any]) -> None:
    if row.attempts + 1 >= ATTEMPTS:
        note_cause(connection, row.id, "WorkerDied")
        connection.execute(update(QUEUE).where(QUEUE.c.id == row.id).values(status="failed", attempts=row.attempts + 1))
        return
    # Where an equal job waits, procrastinate's retry violates an index, whose key the server logs.
    connection.execute(_RETRY if _is_alone(connection, row.id) else _FINISH, {"id": row.id})


def _is_alone(connection: Connection, job_id: int) -> bool:
    """Whether no equal job waits. None comes before the end of the transaction: others wait for our deleted copy."""
    copy = connection.execute(_copy(job_id, 0, 0).returning(QUEUE.c.id)).scalar_one_or_none()
    connection.execute(delete(QUEUE).where(QUEUE.c.id == copy))
    return copy is not None


class PostgresParkedJobs:
    """For operators; `StorageUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> Sequence[ParkedJob]:
        """Oldest first."""
        statement = select(QUEUE, _PARKED_AT).where(QUEUE.c.status == "failed").order_by(QUEUE.c.id)
        with self._database.single() as connection:
            return [
                ParkedJob(
                    id=row.id,
                    kind=row.task_name,
                    tenant_id=row.args["tenant_id"],
                    subject=row.args["subject"],
                    attempts=row.attempts,
                    cause=row.args.get("cause"),
                    since=row.parked_at,
                )
                for row in connection.execute(statement)
            ]

    def retry(self, job_id: int) -> bool:
        """Let a parked job wait with fresh attempts, or let its waiting equal do it; False when there is none."""
        with self._database.transaction() as connection:
            taken = connection.execute(
                delete(QUEUE).where(QUEUE.c.id == job_id, QUEUE.c.status == "failed").returning(QUEUE)
            ).one_or_none()
            if taken is None:
                return False
            columns = ("queue_name", "task_name", "priority", "lock", "queueing_lock")
            values = {name: taken._mapping[name] for name in columns}  # noqa: SLF001 - a public name of SQLAlchemy
            args = {name: value for name, value in taken.args.items() if name != "cause"}
            connection.execute(
                insert(QUEUE)
                .values({**values, "args": args, "status": "todo", "attempts": 0})
                .on_conflict_do_nothing(index_elements=[QUEUE.c.queueing_lock], index_where=text("status = 'todo'"))
            )
        return True

    def drop(self, job_id: int) -> bool:
        with self._database.single() as connection:
            gone = connection.execute(delete(QUEUE).where(QUEUE.c.id == job_id, QUEUE.c.status == "failed"))
            return gone.rowcount > 0
