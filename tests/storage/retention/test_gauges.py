from datetime import timedelta

from sqlalchemy import func, text, update

from lockpoint.bootstrap import SystemClock
from lockpoint.services.context import Tenant
from lockpoint.services.ports.forge import AccessToken, ForgeRegistration
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects, Protection
from lockpoint.services.ports.maintenance import Readings
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import PostgresJobs
from lockpoint.storage.keyring import Keyring
from lockpoint.storage.retention.gauges import PostgresGauges
from lockpoint.storage.tables import QUEUE
from lockpoint.storage.tenancy.forge_sites import PostgresForgeSites
from lockpoint.storage.tenancy.forge_tokens import PostgresForgeTokens
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


def test_the_first_token_to_end_is_found(database: Database, acme: Tenant, keys: Keyring) -> None:
    """Of sites at Forge's door; one without a token has none left."""
    assert acme
    gauges, sites, tokens = PostgresGauges(database), PostgresForgeSites(database), PostgresForgeTokens(database, keys)
    assert gauges.read().forge_token_left is None
    now = SystemClock().now()
    opened = []
    for number in "12":
        cloud = f"{number}0000000-0000-4000-8000-000000000000"
        place = ForgeRegistration(cloud_id=cloud, url="u", installation="i", environment="PRODUCTION", version="1")
        with sites.change(cloud) as change:
            opened.append(change.open(place, None, now))
    tokens.keep(opened[0], AccessToken("t", now + timedelta(hours=3)), now, ())
    assert gauges.read().forge_token_left == 0
    tokens.keep(opened[1], AccessToken("t", now + timedelta(hours=2)), now, ())
    assert 7100 < (gauges.read().forge_token_left or 0) <= 7200
