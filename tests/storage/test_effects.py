from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Ended, EndReason
from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.locks import requests
from lockpoint.storage.locks.requests import PostgresRequests
from lockpoint.storage.retention.purge import Retention
from lockpoint.storage.tables import AUDIT_EVENT
from tests.fakes.world import ALICE, BOB, DANA, START, FakeClock
from tests.storage.builders import audit_event, count, everything, free, held, intent, queue, restoration, witness

EVERYTHING = Effects(
    witness=witness(),
    audit=(audit_event(), audit_event(epoch=0, seq=0, kind=AuditKind.CONFLICT, version=4)),
    intents=(intent(), intent(recipient=DANA)),
    restorations=(restoration(),),
    jobs=(Job(JobKind.PAGE_HINT, 1, "page:65600"),),
)
TABLES = ("lock_witness", "audit_event", "email_intent", "restoration", "queue")


@pytest.fixture
def effects(database: Database, clock: FakeClock) -> PostgresEffects:
    return PostgresEffects(database, clock)


def counts(database: Database) -> list[int]:
    return [count(database, table) for table in TABLES]


def test_all_effects_of_a_cause_are_written(effects: PostgresEffects, database: Database, acme: Tenant) -> None:
    effects.record(acme, EVERYTHING)
    assert counts(database) == [1, 2, 2, 1, 3]


def test_each_new_intent_gets_one_send_job_with_ids_only(
    effects: PostgresEffects, database: Database, acme: Tenant
) -> None:
    effects.record(acme, EVERYTHING)
    mails = [row for row in queue(database) if row.task_name == "send_mail"]
    assert [row.args for row in mails] == [
        {"tenant_id": acme.id, "subject": "1"},
        {"tenant_id": acme.id, "subject": "2"},
    ]


def test_repeating_is_harmless(effects: PostgresEffects, database: Database, acme: Tenant) -> None:
    """F34, L-64, L-65: after a commit whose answer was lost."""
    effects.record(acme, EVERYTHING)
    before = counts(database)
    effects.record(acme, EVERYTHING)
    assert counts(database) == before


IDS = range(1, 10_001)


def test_ten_thousand_effects_of_one_cause(effects: PostgresEffects, database: Database, acme: Tenant) -> None:
    """H1: no statement has more than 65,535 parameters."""
    many = Effects(
        audit=tuple(audit_event(epoch=number) for number in IDS),
        intents=tuple(intent(event_key=str(number)) for number in IDS),
        restorations=tuple(restoration(created=START + timedelta(seconds=number)) for number in IDS),
        jobs=tuple(Job(JobKind.RECONCILE, acme.id, str(number)) for number in IDS),
    )
    effects.record(acme, many)
    assert counts(database) == [0, 10_000, 10_000, 10_000, 20_000]


def test_ten_thousand_effects_recovered_of_one_cause(
    effects: PostgresEffects, database: Database, acme: Tenant
) -> None:
    """H1: rows of the audit log that may be there already have a statement of their own."""
    effects.record(acme, Effects(audit=tuple(audit_event(epoch=number, recovered=True) for number in IDS)))
    assert counts(database) == [0, 10_000, 0, 0, 0]


def test_rollback_leaves_neither_audit_row_nor_job(
    effects: PostgresEffects, database: Database, acme: Tenant, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    PostgresRequests(database, clock).begin(acme, ALICE, "r1", digest="d", lock_id="l", op_id="o")

    def fail(*_args: Any) -> None:
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr(requests, "finish", fail)
    with pytest.raises(RuntimeError):
        effects.record(acme, Effects(**_fields(EVERYTHING), request=(ALICE, "r1", 201, None)))
    assert counts(database) == [0, 0, 0, 0, 0]


def _fields(effects: Effects) -> dict[str, Any]:
    return {name: getattr(effects, name) for name in ("witness", "audit", "intents", "restorations", "jobs")}


@pytest.mark.parametrize("days", [3, 30])
def test_audit_rows_that_are_too_old_are_not_written(
    database: Database, clock: FakeClock, acme: Tenant, days: int
) -> None:
    """Privacy §5: found by a read after a long absence."""
    clock.at = START.replace(hour=15)
    moments = [clock.at - timedelta(days=age) for age in (0, days - 1, days, days + 60)]
    rows = tuple(audit_event(at=at, attachment_id=str(at)) for at in moments)
    PostgresEffects(database, clock, days).record(acme, Effects(audit=rows))
    with database.single() as connection:
        stored = connection.execute(select(AUDIT_EVENT.c.at).order_by(AUDIT_EVENT.c.at.desc())).scalars().all()
    assert stored == moments[:2]
    assert Retention(database, clock, days).purge().gone["partitions"] == 0


def test_a_missing_partition_loses_nothing(effects: PostgresEffects, database: Database, acme: Tenant) -> None:
    """It is created in the same transaction."""
    long_ago = START - timedelta(days=25)
    effects.record(acme, Effects(audit=(audit_event(at=long_ago), audit_event()), intents=(intent(),)))
    with database.single() as connection:
        assert set(connection.execute(select(AUDIT_EVENT.c.at)).scalars()) == {long_ago, START}
    assert count(database, "email_intent") == 1


def test_two_writers_on_a_missing_partition_both_succeed(
    effects: PostgresEffects, database: Database, acme: Tenant
) -> None:
    day = START + timedelta(days=500)

    def write(seq: int) -> None:
        effects.record(acme, Effects(audit=(audit_event(at=day, seq=seq),)))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(8)))
    assert count(database, "audit_event") == 8


def test_other_violations_are_not_swallowed(effects: PostgresEffects, database: Database, acme: Tenant) -> None:
    """Only a missing partition is repaired."""
    with pytest.raises(Exception, match="null value"):
        effects.record(acme, Effects(audit=(audit_event(recovered=None),), intents=(intent(),)))
    assert count(database, "email_intent") == 0


def test_notes_and_reasons_never_reach_postgres(effects: PostgresEffects, database: Database, acme: Tenant) -> None:
    """Amendment 2: they are in the signed property only."""
    ended = Ended(EndReason.TAKEN_OVER, DANA, START, "0" * 32, BOB, why="CANARY reason")
    effects.record(acme, Effects(witness=witness(record=held(note="CANARY note", ended=ended))))
    effects.record(acme, Effects(witness=witness("124", record=free(ended=ended))))
    assert "CANARY" not in everything(database)


def test_a_database_that_is_away_changes_nothing(clock: FakeClock, acme: Tenant) -> None:
    """S10: with one error of ours."""
    nowhere = Database("postgresql://nobody@/nowhere?host=/nonexistent")
    with pytest.raises(StorageUnavailable):
        PostgresEffects(nowhere, clock).record(acme, EVERYTHING)
