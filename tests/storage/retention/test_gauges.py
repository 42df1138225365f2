from datetime import timedelta

from sqlalchemy import func, text, update

from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects, Protection
from lockpoint.services.ports.maintenance import Readings
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import PostgresJobs
from lockpoint.storage.retention.gauges import PostgresGauges
from lockpoint.storage.tables import QUEUE
from tests.fakes.world import FakeClock
from tests.storage.builders import free, intent, witness


def test_nothing_is_counted_where_nothing_is(database: Database) -> None:
    nothing = Readings(waiting={}, oldest_seconds=0.0, parked={}, locks={}, mails_waiting=0)
    assert PostgresGauges(database).read() == nothing


def test_all_sites_are_counted_together(database: Database, acme: Tenant, globex: Tenant, clock: FakeClock) -> None:
    """Ended locks are not counted, nor jobs whose time has not come."""
    effects = PostgresEffects(database, clock)
    effects.record(acme, Effects(witness=witness("1"), intents=(intent(),)))
    effects.record(acme, Effects(witness=witness("2", record=free())))
    effects.record(globex, Effects(witness=witness("3", protection=Protection.END_UNWRITTEN)))
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))
    PostgresJobs(database).defer(
        [
            Job(JobKind.RECONCILE, acme.id, "1"),
            Job(JobKind.RECONCILE, globex.id, "3"),
            Job(JobKind.RECONCILE, globex.id, "4", timedelta(hours=1)),
            Job(JobKind.SEND_MAIL, acme.id, "5"),
        ]
    )
    with database.transaction() as connection:
        connection.execute(update(QUEUE).where(QUEUE.c.task_name == "send_mail").values(status="failed"))
        due = update(QUEUE).where(QUEUE.c.args["subject"].as_string() == "3")
        connection.execute(due.values(scheduled_at=func.now() - timedelta(minutes=5)))
        connection.execute(text("UPDATE procrastinate_events SET at = at - interval '1 hour'"))
    readings = PostgresGauges(database).read()
    assert (readings.waiting, readings.parked) == ({"reconcile": 2}, {"send_mail": 1})
    assert 3600 <= readings.oldest_seconds < 3700
    assert readings.locks == {"protected": 1, "end_unwritten": 1}
    assert readings.mails_waiting == 1
