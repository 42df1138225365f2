from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import ExceptionContext, event, func, text, update

from lockpoint.services.context import Tenant
from lockpoint.services.errors import (
    BadAnswer,
    Busy,
    Forbidden,
    GoneOrInvisible,
    HostUnavailable,
    NoTokenYet,
    OperationRemoved,
    QuotaExceeded,
    StorageUnavailable,
    Unauthorised,
)
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.notifications import MailRefused, MailUnavailable
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import PRIORITY, PostgresJobs, enqueue
from lockpoint.storage.jobs.parked_jobs import PostgresParkedJobs, put_off, requeue_lost, requeue_stalled
from lockpoint.storage.jobs.places import RETRY
from lockpoint.storage.jobs.retry_policy import Drop, Later, Park, fate_of
from lockpoint.storage.tables import QUEUE, WORKERS
from tests.storage.builders import about_person, queue

JOB = Job(JobKind.RECONCILE, 1, "123")


@pytest.fixture
def jobs(database: Database) -> PostgresJobs:
    return PostgresJobs(database)


def fetch(database: Database, worker_id: int | None = None) -> Any:
    """Start the next job, as a worker does."""
    with database.transaction() as connection:
        fetched = text("SELECT id, task_name FROM procrastinate_fetch_job_v2(NULL, :worker)")
        return connection.execute(fetched, {"worker": worker_id}).one()


def a_worker(database: Database, silent: timedelta = timedelta()) -> int:
    with database.transaction() as connection:
        number: int = connection.execute(text("SELECT worker_id FROM procrastinate_register_worker_v1()")).scalar_one()
        connection.execute(update(WORKERS).where(WORKERS.c.id == number).values(last_heartbeat=func.now() - silent))
    return number


def statuses(database: Database) -> list[tuple[str, int]]:
    return [(row.status, row.attempts) for row in queue(database)]


def due_in(database: Database) -> list[float | None]:
    """Return seconds until each job may run; None: at once."""
    with database.single() as connection:
        seconds = text("SELECT extract(epoch FROM scheduled_at - now())::float FROM procrastinate_jobs ORDER BY id")
        return list(connection.execute(seconds).scalars())


def test_a_running_job_does_not_count_as_waiting(jobs: PostgresJobs, database: Database) -> None:
    """What changed after it read needs one more job."""
    jobs.defer([JOB])
    fetch(database)
    jobs.defer([JOB])
    jobs.defer([JOB])
    assert statuses(database) == [("doing", 0), ("todo", 0)]


def test_equal_jobs_run_one_after_another(jobs: PostgresJobs, database: Database) -> None:
    """The queue's lock serialises jobs on one file only."""
    jobs.defer([JOB])
    fetch(database)
    jobs.defer([JOB, Job(JobKind.RECONCILE, 1, "124"), Job(JobKind.RECONCILE, 2, "123")])
    fetched = [fetch(database).task_name for _ in range(3)]
    assert fetched == ["reconcile", "reconcile", None]


def test_an_equal_job_does_not_spoil_the_transaction(jobs: PostgresJobs, database: Database) -> None:
    """It contains the audit row."""
    jobs.defer([JOB])
    with database.transaction() as connection:
        enqueue(connection, [JOB])
        enqueue(connection, [Job(JobKind.SWEEP, 1)])
    assert len(queue(database)) == 2


def test_many_at_once_are_one(jobs: PostgresJobs, database: Database) -> None:
    """F23, L-51: many events for the same files from many processes, without deadlock."""
    files = [Job(JobKind.RECONCILE, 1, str(number)) for number in range(10)]

    def storm(number: int) -> None:
        jobs.defer(files if number % 2 else files[::-1])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(storm, range(40)))
    assert len(queue(database)) == 10


def test_a_delayed_job_is_brought_forward(jobs: PostgresJobs, database: Database) -> None:
    """A later time changes nothing."""
    jobs.defer([Job(JobKind.RECONCILE, 1, "123", timedelta(minutes=10))])
    assert due_in(database)[0] == pytest.approx(600, abs=30)
    jobs.defer([Job(JobKind.RECONCILE, 1, "123", timedelta(minutes=5))])
    assert due_in(database)[0] == pytest.approx(300, abs=30)
    jobs.defer([JOB])
    jobs.defer([Job(JobKind.RECONCILE, 1, "123", timedelta(minutes=5))])
    assert due_in(database) == [None]


def test_the_earliest_of_equal_jobs_in_one_call_counts(jobs: PostgresJobs, database: Database) -> None:
    """A Postgres statement must not update a row twice."""
    jobs.defer([JOB, Job(JobKind.RECONCILE, 1, "123", timedelta(minutes=5))])
    assert due_in(database) == [None]


def test_ten_thousand_jobs_at_once(jobs: PostgresJobs, database: Database) -> None:
    """H1: a statement takes 65,535 parameters; the hourly reports of all sites are one call."""
    many = [Job(JobKind.REPORT_ACCOUNTS, site, delay=timedelta(seconds=site)) for site in range(1, 10_001)]
    jobs.defer([*many, *many[:5]])
    rows = queue(database)
    assert [row.args["tenant_id"] for row in sorted(rows, key=lambda row: row.scheduled_at)] == list(range(1, 10_001))


def test_the_text_of_the_statement_is_the_same_for_every_job(jobs: PostgresJobs, database: Database) -> None:
    """H2: a new text would be built, compiled and planned each time."""
    texts: set[str] = set()
    event.listen(database._engine, "before_cursor_execute", lambda *arguments: texts.add(arguments[2]))
    jobs.defer([JOB])
    jobs.defer([Job(JobKind.SWEEP, 2, delay=timedelta(minutes=1)), Job(JobKind.CONFIRM, 3, "7:8"), JOB])
    assert len(texts) == 1


def test_a_job_in_back_off_keeps_its_time(jobs: PostgresJobs, database: Database) -> None:
    """Events do not shorten the pause that Confluence asked for."""
    jobs.defer([JOB])
    with database.transaction() as connection:
        put_off(connection, fetch(database).id, 0, 600)
    jobs.defer([JOB])
    assert [row.status for row in queue(database)] == ["doing", "todo"]
    assert due_in(database)[1] == pytest.approx(600, abs=30)


def test_putting_off_leaves_the_work_to_a_waiting_twin(jobs: PostgresJobs, database: Database) -> None:
    jobs.defer([JOB])
    running = fetch(database).id
    jobs.defer([JOB])
    with database.transaction() as connection:
        put_off(connection, running, 0, 600)
    assert statuses(database) == [("doing", 0), ("todo", 0)]
    assert due_in(database) == [None, None]


def test_every_kind_has_its_place(jobs: PostgresJobs, database: Database) -> None:
    """People's work before maintenance."""
    jobs.defer([about_person(kind, 1, "") for kind in JobKind])
    order = [fetch(database).task_name for _ in JobKind]
    assert set(PRIORITY) == set(JobKind)
    assert order.index("reconcile") < order.index("send_mail") < order.index("sweep") < order.index("rediscover")


def test_jobs_of_a_dead_worker_are_given_back(jobs: PostgresJobs, database: Database) -> None:
    """Dead: silent or unregistered."""
    jobs.defer([Job(JobKind.RECONCILE, 1, str(number)) for number in range(3)])
    fetch(database, a_worker(database, silent=timedelta(seconds=16)))
    fetch(database, None)
    fetch(database, a_worker(database))
    assert requeue_stalled(database) == 2
    assert sorted(statuses(database)) == [("doing", 0), ("todo", 1), ("todo", 1)]
    assert requeue_stalled(database) == 0


def test_a_stalled_job_with_a_waiting_twin_just_ends(jobs: PostgresJobs, database: Database) -> None:
    """C4: no index is violated, since the server would log the key; procrastinate's own retry does."""
    jobs.defer([JOB])
    fetch(database)
    jobs.defer([JOB])
    with violations(database) as found:
        assert requeue_stalled(database) == 1
    assert statuses(database) == [("todo", 0)]
    assert found == []


def test_a_retry_of_procrastinate_s_leaves_the_work_to_a_waiting_twin(jobs: PostgresJobs, database: Database) -> None:
    """C4: as when even storing what to do with a failed job failed."""
    jobs.defer([JOB])
    number = fetch(database).id
    with database.single() as connection:
        connection.execute(text(RETRY.replace("%(job_id)s", ":id").replace("%(retry_at)s", "now()")), {"id": number})
    assert statuses(database) == [("todo", 1)]
    number = fetch(database).id
    jobs.defer([JOB])
    with violations(database) as found, database.single() as connection:
        connection.execute(text(RETRY.replace("%(job_id)s", ":id").replace("%(retry_at)s", "now()")), {"id": number})
    assert statuses(database) == [("todo", 0)]
    assert found == []


@contextmanager
def violations(database: Database) -> Iterator[list[str]]:
    """Collect what the driver hears of violated indexes, savepoints included."""
    found: list[str] = []

    def hear(context: ExceptionContext) -> None:
        found.append(str(context.original_exception))

    event.listen(database._engine, "handle_error", hear)
    yield found
    event.remove(database._engine, "handle_error", hear)


def test_a_job_that_kills_its_workers_is_parked(jobs: PostgresJobs, database: Database) -> None:
    """F42: for example by exhausting memory."""
    jobs.defer([JOB])
    for _ in range(5):
        fetch(database)
        requeue_stalled(database)
    (parked,) = PostgresParkedJobs(database).list()
    assert (parked.kind, parked.subject, parked.cause, parked.attempts) == ("reconcile", "123", "WorkerDied", 5)


def test_what_a_live_worker_lost_is_given_back(jobs: PostgresJobs, database: Database) -> None:
    """A job that ended while the database was down stays booked as running."""
    jobs.defer([JOB, Job(JobKind.SWEEP, 1)])
    worker = a_worker(database)
    lost, running = fetch(database, worker).id, fetch(database, worker).id
    assert requeue_lost(database, worker, [running]) == 0
    assert requeue_lost(database, worker, [running], since=timedelta()) == 1
    assert {row.id: row.status for row in queue(database)} == {lost: "todo", running: "doing"}
    assert requeue_lost(database, worker, [], since=timedelta()) == 1


def test_parked_jobs_can_be_retried_and_dropped(jobs: PostgresJobs, database: Database) -> None:
    """A retry starts with fresh attempts."""
    parked = PostgresParkedJobs(database)
    jobs.defer([JOB, Job(JobKind.SWEEP, 1)])
    with database.transaction() as connection:
        connection.execute(update(QUEUE).values(status="failed", attempts=5))
    first, second = parked.list()
    assert parked.retry(first.id)
    assert parked.drop(second.id)
    assert not parked.retry(first.id)
    assert not parked.drop(second.id)
    assert statuses(database) == [("todo", 0)]


@pytest.mark.parametrize(
    ("error", "attempts", "expected"),
    [
        (QuotaExceeded("q", 900), 0, Later(900)),
        (QuotaExceeded("q", 1), 2, Later(160)),
        (Busy("b", details={"retryAfter": 30}), 0, Later(30)),
        (HostUnavailable("h"), 0, Later(10)),
        (HostUnavailable("h"), 1, Later(40)),
        (StorageUnavailable("s"), 3, Later(640)),
        (BadAnswer("b"), 4, Park()),
        (OperationRemoved("o"), 4, Park()),
        (ValueError("a bug"), 0, Later(10)),
        (ValueError("a bug"), 4, Park()),
        (GoneOrInvisible("g"), 0, Later(10)),
        (GoneOrInvisible("g"), 1, Drop()),
        (Forbidden("f"), 1, Drop()),
        (Unauthorised("u"), 1, Drop()),
        (MailRefused("m"), 0, Drop()),
    ],
)
def test_triage(error: Exception, attempts: int, expected: object) -> None:
    """F42: later: growing pauses, at least Retry-After. Drop: refused twice. Park: after the last attempt."""
    assert fate_of(error, JobKind.RECONCILE, attempts) == expected


@pytest.mark.parametrize("attempts", [0, 4, 11])
@pytest.mark.parametrize("kind", [JobKind.RECONCILE, JobKind.SEND_MAIL])
def test_a_job_without_a_token_waits_an_hour_and_loses_no_attempt(kind: JobKind, attempts: int) -> None:
    """Nobody is gone: the next token makes it due at once."""
    assert fate_of(NoTokenYet("m"), kind, attempts) == Later(3600.0, counts=False)


def test_mails_are_tried_for_about_a_day() -> None:
    """F45: while the mail server is down; then parked."""
    waited, attempts = 0.0, 0
    while isinstance(decision := fate_of(MailUnavailable("m"), JobKind.SEND_MAIL, attempts), Later):
        waited += decision.seconds
        attempts += 1
    assert decision == Park()
    assert 20 * 3600 < waited < 30 * 3600


@pytest.mark.parametrize(
    ("kind", "status", "pending"),
    [(JobKind.REDISCOVER, "todo", True), (JobKind.REDISCOVER, "doing", True), (JobKind.REDISCOVER, "failed", False),
     (JobKind.SWEEP, "todo", False)],
)  # fmt: skip
def test_a_kind_of_job_is_pending_while_one_waits_or_runs(
    database: Database,
    acme: Tenant,
    globex: Tenant,
    kind: JobKind,
    status: str,
    pending: bool,
) -> None:
    """A parked job is not pending."""
    PostgresJobs(database).defer([Job(kind, acme.id)])
    with database.single() as connection:
        connection.execute(update(QUEUE).values(status=status))
    assert PostgresJobs(database).pending(acme, JobKind.REDISCOVER) is pending
    assert not PostgresJobs(database).pending(globex, JobKind.REDISCOVER)
