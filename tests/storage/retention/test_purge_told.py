"""What a person was told is known as long as it may be told again, and no longer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from lockpoint.domain.events import MailKind
from lockpoint.domain.expiry.lock_times import REMINDED_WITHIN
from lockpoint.domain.lock import Ended, EndReason
from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.locks import Effects
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.locks.restorations import PostgresRestorations
from lockpoint.storage.retention.purge import PEOPLE, Retention
from lockpoint.storage.tables import EMAIL_INTENT, RESTORATION
from lockpoint.storage.tables import QUEUE as QUEUE_TABLE
from tests.fakes.world import ALICE, BOB, DANA, FakeClock
from tests.storage.builders import count, free, held, intent, queue, restoration, witness

NOW = datetime(2026, 3, 31, 15, 30, tzinfo=UTC)


@pytest.fixture
def told(database: Database, acme: Tenant, clock: FakeClock) -> Effects:
    """What an overwrite of 8 days ago left under a lock that lives; the mails are done."""
    clock.at = NOW - timedelta(days=8)
    overwrite = Effects(
        restorations=(restoration(at=clock.at),),
        intents=tuple(
            intent(kind=kind, recipient=person, actor=DANA, lock_id="1" * 32, event_key="123/8 days ago")
            for kind, person in ((MailKind.OVERWRITE_ATTEMPT, ALICE), (MailKind.UPLOAD_UNDONE, BOB))
        ),
    )
    others = (intent(lock_id="1" * 32), replace(overwrite.intents[0], event_key="124", lock_id="2" * 32))
    effects = PostgresEffects(database, clock, 3)
    effects.record(acme, Effects(witness=witness(seen_at=NOW)))
    effects.record(acme, overwrite)
    with database.transaction() as connection:
        connection.execute(update(EMAIL_INTENT).values(done=True))
    effects.record(acme, Effects(intents=others, restorations=(restoration(attachment_id="124", at=clock.at),)))
    clock.at = NOW
    return overwrite


def _of_people(database: Database) -> list[object]:
    with database.single() as connection:
        mails = connection.execute(select(EMAIL_INTENT.c.recipient, EMAIL_INTENT.c.actor)).all()
        undone = connection.execute(select(RESTORATION.c.offenders)).scalars().all()
    return [*(name for row in mails for name in row if name), *(name for names in undone for name in names)]


def test_what_was_told_is_known_while_the_lock_lives(
    database: Database, acme: Tenant, clock: FakeClock, told: Effects
) -> None:
    """P13: a look at an old overwrite tells nobody again and counts it again; whom it was about is forgotten."""
    report = Retention(database, clock, 3).purge()
    assert report.complete
    assert (report.gone["email_intent"], report.gone["restoration"]) == (2, 1)
    assert (report.gone[f"{PEOPLE}.email_intent"], report.gone[f"{PEOPLE}.restoration"]) == (2, 1)
    assert _of_people(database) == []
    with database.transaction() as connection:
        connection.execute(delete(QUEUE_TABLE))
    PostgresEffects(database, clock, 3).record(acme, told)
    assert (count(database, "email_intent"), count(database, "restoration"), queue(database)) == (2, 1, [])
    assert len(PostgresRestorations(database).recent(acme, "1" * 32)) == 1
    assert Retention(database, clock, 3).purge().total == 0


@pytest.mark.parametrize("reason", [EndReason.TAKEN_OVER, EndReason.HANDED_OVER])
def test_what_was_told_is_known_while_a_lock_lives_that_took_it_over(
    database: Database, acme: Tenant, clock: FakeClock, told: Effects, reason: EndReason
) -> None:
    """I17: what came while the lock moved is looked at under both; its author is told once."""
    taken = Ended(reason, DANA, NOW, "1" * 32, ALICE)
    record = held(seq=2, lock_id="3" * 32, holder=DANA, acquired_at=NOW, ended=taken)
    PostgresEffects(database, clock, 3).record(acme, Effects(witness=witness(record=record, seen_at=NOW)))
    Retention(database, clock, 3).purge()
    with database.transaction() as connection:
        connection.execute(delete(QUEUE_TABLE))
    PostgresEffects(database, clock, 3).record(acme, Effects(intents=told.intents))
    assert queue(database) == []
    assert _of_people(database) == []


def test_a_warning_is_known_as_long_as_its_lock_lives(database: Database, acme: Tenant, clock: FakeClock) -> None:
    """L-33, P13: a lock may live for weeks after it; nobody is warned of one end twice, and nobody is named."""
    clock.at = NOW - timedelta(days=8)
    warning = Effects(intents=(intent(kind=MailKind.LOCK_WILL_END, lock_id="1" * 32, event_key="1/end"),))
    effects = PostgresEffects(database, clock, 3)
    effects.record(acme, Effects(witness=witness(seen_at=NOW)))
    effects.record(acme, warning)
    with database.transaction() as connection:
        connection.execute(update(EMAIL_INTENT).values(done=True))
        connection.execute(delete(QUEUE_TABLE))
    clock.at = NOW
    Retention(database, clock, 3).purge()
    effects.record(acme, warning)
    assert (count(database, "email_intent"), queue(database), _of_people(database)) == (1, [], [])


def test_a_weekly_reminder_is_known_while_it_may_be_asked_for(
    database: Database, acme: Tenant, clock: FakeClock
) -> None:
    """M-10, L-65: with the fewest days of retention, too."""
    clock.at = NOW.replace(hour=23, minute=59)
    reminder = Effects(intents=(intent(kind=MailKind.ENDLESS_LOCKS, event_key="week 120"),))
    effects = PostgresEffects(database, clock, 1)
    effects.record(acme, reminder)
    with database.transaction() as connection:
        connection.execute(delete(QUEUE_TABLE))
    clock.at += REMINDED_WITHIN - timedelta(seconds=1)
    Retention(database, clock, 1).purge()
    effects.record(acme, reminder)
    assert (count(database, "email_intent"), queue(database)) == (1, [])


def test_a_mail_that_waited_too_long_was_not_told(
    database: Database, clock: FakeClock, acme: Tenant, told: Effects
) -> None:
    """It goes by its age, and the next look tells of the overwrite."""
    with database.transaction() as connection:
        connection.execute(update(EMAIL_INTENT).values(done=False))
    Retention(database, clock, 3).purge()
    assert count(database, "email_intent") == 0
    PostgresEffects(database, clock, 3).record(acme, told)
    assert count(database, "email_intent") == len(told.intents)


def test_what_was_told_goes_with_the_lock(database: Database, acme: Tenant, clock: FakeClock, told: Effects) -> None:
    """P13: once the lock is over only the days count."""
    Retention(database, clock, 3).purge()
    PostgresEffects(database, clock, 3).record(acme, Effects(witness=witness(record=free(), seen_at=NOW)))
    assert Retention(database, clock, 3).purge().complete
    assert (count(database, "email_intent"), count(database, "restoration")) == (0, 0)
    assert len(told.intents) == 2


def test_people_in_kept_rows_are_overdue_until_they_are_gone(
    database: Database, clock: FakeClock, told: Effects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report does not call a purge complete that left a name."""
    retention = Retention(database, clock, 3)

    def fail(*_: object) -> int:
        raise StorageUnavailable("away")

    monkeypatch.setattr(retention, "_remove_people", fail)
    report = retention.purge()
    assert not report.complete
    assert report.overdue[f"{PEOPLE}.email_intent"] == len(told.intents)
    assert report.overdue[f"{PEOPLE}.restoration"] == 1
