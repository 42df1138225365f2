from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert, select, text

from lockpoint.services.context import Tenant
from lockpoint.services.ports.locks import Effects
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.locks.requests import PostgresRequests
from lockpoint.storage.notifications.mail_intents import PostgresIntents
from lockpoint.storage.partitions import ahead, drop_expired, ensure
from lockpoint.storage.tables import AUDIT_EVENT, EMAIL_LOG
from tests.fakes.world import ALICE, START, FakeClock
from tests.storage.builders import audit_event, everything, intent


def names(database: Database, parent: str = "audit_event") -> list[str]:
    with database.single() as connection:
        found = connection.execute(
            text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(:p) ORDER BY 1"),
            {"p": parent},
        )
        return list(found.scalars())


def drop_all(database: Database) -> None:
    drop_expired(database, datetime(2999, 1, 1, tzinfo=UTC), 1)


def test_days_ahead_are_made_once(database: Database) -> None:
    """Yesterday until seven days from now."""
    drop_all(database)
    days = ahead(START)
    assert (days[0], days[-1]) == (date(2026, 3, 1), date(2026, 3, 9))
    for expected in (18, 0):
        with database.transaction() as connection:
            assert ensure(connection, days) == expected
    assert names(database, "email_log") == [f"email_log_202603{day:02}" for day in range(1, 10)]


def test_days_are_utc_days() -> None:
    late = datetime.fromisoformat("2026-03-02T23:30:00-05:00")
    assert ahead(late, 0) == [date(2026, 3, 2), date(2026, 3, 3)]


def test_several_processes_make_them_together(database: Database) -> None:
    """Web, worker and clock start at once."""
    drop_all(database)

    def make(_: int) -> int:
        with database.transaction() as connection:
            return ensure(connection, ahead(START))

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(make, range(6))) == 18


def test_a_new_partition_does_not_stop_readers_and_writers(database: Database, acme: Tenant, clock: FakeClock) -> None:
    PostgresEffects(database, clock).record(acme, Effects(audit=(audit_event(),)))
    with database.transaction() as reader:
        reader.execute(select(AUDIT_EVENT)).all()
        reader.execute(insert(AUDIT_EVENT).values(_row(acme, START + timedelta(seconds=1))))
        with database.transaction() as connection:
            connection.execute(text("SET LOCAL lock_timeout = 500"))
            assert ensure(connection, [date(2031, 1, 1)]) == 2


def _row(tenant: Tenant, at: datetime) -> dict[str, object]:
    return {"tenant_id": tenant.id, "at": at, "kind": "acquired", "epoch": 1, "seq": 1, "recovered": False}


def test_a_partition_goes_when_its_first_instant_is_old_enough(database: Database) -> None:
    """The limit of 30 days is exact."""
    drop_all(database)
    now = datetime(2026, 3, 31, 0, 0, tzinfo=UTC)
    with database.transaction() as connection:
        ensure(connection, [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)])
    assert drop_expired(database, now - timedelta(seconds=1), 30) == 0
    assert drop_expired(database, now, 30) == 2
    assert names(database) == ["audit_event_20260302", "audit_event_20260303"]


def test_the_mail_log_holds_a_hash_and_survives_a_missing_partition(
    database: Database, acme: Tenant, clock: FakeClock, keys: object
) -> None:
    drop_all(database)
    intents = PostgresIntents(database, keys, clock)
    PostgresEffects(database, clock).record(acme, Effects(intents=(intent(),)))
    stored = intents.get(1)
    assert stored is not None
    intents.finish(stored, result="sent", address="Canary@example.com")
    with database.single() as connection:
        row = connection.execute(select(EMAIL_LOG)).one()
    assert (row.tenant_id, row.at, row.kind, row.result) == (acme.id, START, "file_available", "sent")
    assert len(row.address_hash) == 64
    assert "canary" not in everything(database).lower()


def test_outcomes_are_fresh_again_after_a_day(database: Database, acme: Tenant, clock: FakeClock) -> None:
    """Even without a purge."""
    requests = PostgresRequests(database, clock)
    requests.begin(acme, ALICE, "r", digest="d", lock_id="1", op_id="1")
    PostgresEffects(database, clock).record(acme, Effects(request=(ALICE, "r", 409, "already_locked")))
    clock.advance(hours=24)
    again = requests.begin(acme, ALICE, "r", digest="e", lock_id="2", op_id="2")
    assert (again.state, again.digest, again.lock_id, again.status, again.error) == ("fresh", "e", "2", None, None)
