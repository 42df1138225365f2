from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from lockpoint.domain.events import AuditKind
from lockpoint.services.context import Tenant
from lockpoint.services.ports.locks import AuditEvent, Effects
from lockpoint.services.ports.maintenance import ReliabilityReadings
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.retention.gauges import PostgresGauges
from lockpoint.storage.retention.reliability import PostgresReliability
from tests.fakes.world import BOB, START, FakeClock
from tests.storage.builders import audit_event, intent, witness


def readings(database: Database, clock: FakeClock) -> ReliabilityReadings:
    return PostgresReliability(database, clock, 30).read()


def record(database: Database, clock: FakeClock, tenant: Tenant, rows: Sequence[AuditEvent]) -> None:
    PostgresEffects(database, clock).record(tenant, Effects(audit=tuple(rows)))


def version(kind: AuditKind, seconds: float, detail: str | None = None, **values: Any) -> AuditEvent:
    at = START + timedelta(seconds=seconds)
    return audit_event(at=at, kind=kind, detail=detail, account=BOB, epoch=0, seq=0, **values)


def test_nothing_is_said_of_an_empty_installation(database: Database, clock: FakeClock) -> None:
    seen = readings(database, clock)
    assert (seen.undone, seen.undo_seconds, seen.writes, seen.mails_waiting, seen.mails) == (0, None, 0, 0, {})
    assert not any(seen.overdue.values())


def test_an_overwrite_lasts_until_the_next_restored_version_of_its_file(
    database: Database, clock: FakeClock, acme: Tenant, globex: Tenant
) -> None:
    """Of the same site and file; two uploads may be undone by one version; what stands has no time."""
    record(
        database,
        clock,
        acme,
        [
            version(AuditKind.CONFLICT, 0, "undone"),
            version(AuditKind.CONFLICT, 3, "undone"),
            version(AuditKind.RESTORED, 5),
            version(AuditKind.CONFLICT, 50, "undone"),
            version(AuditKind.RESTORED, 57),
            version(AuditKind.CONFLICT, 60, "not_undone"),
            version(AuditKind.CONFLICT, 40, "undone", attachment_id="456"),
            version(AuditKind.RESTORED, 140, attachment_id="456"),
        ],
    )
    record(database, clock, globex, [version(AuditKind.RESTORED, 1), version(AuditKind.CONFLICT, 70, "renamed")])
    seen = readings(database, clock)
    assert (seen.undone, seen.restores, seen.standing) == (4, 4, 1)
    assert seen.undo_seconds == (5.0, 100.0, 100.0)


def test_the_first_version_of_ours_at_or_after_an_overwrite_undid_it(
    database: Database, clock: FakeClock, acme: Tenant
) -> None:
    """Confluence's times are of milliseconds, and two rows may have the same; what nothing followed has no time."""
    rows = [(AuditKind.RESTORED, 0, None), (AuditKind.CONFLICT, 2, "undone"), (AuditKind.RESTORED, 2, None)]
    rows += [(AuditKind.CONFLICT, 3, "undone"), (AuditKind.RESTORED, 9, None), (AuditKind.RESTORED, 10, None)]
    record(database, clock, acme, [version(kind, at, detail) for kind, at, detail in rows])
    assert readings(database, clock).undo_seconds == (0.0, 6.0, 6.0)
    record(database, clock, acme, [version(AuditKind.CONFLICT, 11, "undone")])
    seen = readings(database, clock)
    assert (seen.undone, seen.restores, seen.undo_seconds) == (3, 4, (0.0, 6.0, 6.0))


def test_gaps_between_the_rows_of_a_file_are_found(database: Database, clock: FakeClock, acme: Tenant) -> None:
    """An epoch begins anew; what was before the first or after the last row cannot be known."""
    rows = [audit_event(seq=seq, at=START + timedelta(seconds=seq)) for seq in (3, 4, 7)]
    rows += [audit_event(epoch=2, seq=1, recovered=True), audit_event(attachment_id="456", seq=9)]
    record(database, clock, acme, rows)
    seen = readings(database, clock)
    assert (seen.writes, seen.gaps, seen.doubled, seen.recovered) == (5, 2, 0, 1)
    with database.single() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_event SELECT tenant_id, at + interval '1 s', kind, attachment_id, account, epoch,"
                " seq, lock_id, version, detail, recovered FROM audit_event WHERE seq = 9"
            )
        )
    assert readings(database, clock).doubled == 1


def test_a_mail_that_no_job_sends_is_lost_after_an_hour(database: Database, clock: FakeClock, acme: Tenant) -> None:
    """A parked one is not lost: it can be retried."""
    effects = PostgresEffects(database, clock)
    effects.record(acme, Effects(witness=witness(), intents=(intent(), intent(event_key="2"), intent(event_key="3"))))
    with database.single() as connection:
        jobs = "SELECT id FROM procrastinate_jobs WHERE task_name = 'send_mail' ORDER BY id"
        first, second, _ = connection.execute(text(jobs)).scalars()
        connection.execute(text("DELETE FROM procrastinate_jobs WHERE id = :id"), {"id": first})
        connection.execute(text("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = :id"), {"id": second})
    clock.advance(minutes=59)
    seen = readings(database, clock)
    assert (seen.mails_waiting, seen.mails_parked, seen.mails_lost) == (3, 1, 0)
    clock.advance(minutes=2)
    assert readings(database, clock).mails_lost == 1


def test_a_mail_that_the_server_did_not_take_waits(database: Database, clock: FakeClock, acme: Tenant) -> None:
    """Told by the job of another, it is lost with that job only."""
    effects = PostgresEffects(database, clock)
    effects.record(acme, Effects(witness=witness(), intents=(intent(), intent(event_key="2"))))
    with database.single() as connection:
        connection.execute(
            text("UPDATE email_intent SET told_by = (SELECT min(id) FROM email_intent), told_at = now()")
        )
        connection.execute(
            text(
                "DELETE FROM procrastinate_jobs WHERE task_name = 'send_mail'"
                " AND args ->> 'subject' <> (SELECT min(id)::text FROM email_intent)"
            )
        )
    clock.advance(hours=2)
    seen = readings(database, clock)
    assert (seen.mails_waiting, seen.mails_lost, PostgresGauges(database).read().mails_waiting) == (2, 0, 2)
    with database.single() as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))
    assert readings(database, clock).mails_lost == 2


def test_a_row_is_overdue_after_the_purge_that_should_have_taken_it(
    database: Database, clock: FakeClock, acme: Tenant
) -> None:
    """An hour and a bit after its time, not in the hour in which the purge comes."""
    with database.single() as connection:
        connection.execute(
            text("INSERT INTO creation_guard VALUES (:tenant, '1', 'x', :until)"),
            {"tenant": acme.id, "until": clock.now()},
        )
    clock.advance(minutes=60)
    assert readings(database, clock).overdue["creation_guard"] == 0
    clock.advance(minutes=11)
    assert readings(database, clock).overdue["creation_guard"] == 1
