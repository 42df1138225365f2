"""Rows of 30 days go, in steps that may be killed; other rows at times of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update

from lockpoint.services.context import Tenant
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.maintenance import PurgeReport
from lockpoint.services.ports.privacy import ErasureOrder, Origin, PrivacyRight
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.locks.requests import PostgresRequests
from lockpoint.storage.partitions import ensure
from lockpoint.storage.privacy import account_reports, erasures
from lockpoint.storage.retention import purge as retention_module
from lockpoint.storage.retention.chores import PostgresUpkeep
from lockpoint.storage.retention.purge import (
    AGED,
    ERASURES,
    EXPIRED_TOKENS,
    FORMER_SECRETS,
    PARTITIONS,
    PEOPLE,
    QUEUE,
    REPORTS,
    SMALL_COUNTS,
    UNINSTALLED,
    Retention,
    first_kept,
)
from lockpoint.storage.tables import (
    ACCOUNT_PROFILE,
    ACCOUNT_REPORT,
    AUDIT_EVENT,
    CREATION_GUARD,
    EMAIL_LOG,
    INSTALLATION,
    METADATA,
)
from tests.fakes.world import ALICE, FakeClock
from tests.storage.builders import audit_event, count, intent, restoration, witness

NOW = datetime(2026, 3, 31, 15, 30, tzinfo=UTC)
KEPT_30_DAYS = ("audit_event", "email_log", "account_profile", "lock_witness", "restoration", "email_intent")
"""Everything with a limit of 30 days."""


@pytest.fixture
def aged(database: Database, acme: Tenant, clock: FakeClock) -> Database:
    """One row of everything 28, 30 and 31 days old."""
    for days in (31, 30, 28):
        clock.at = NOW - timedelta(days=days)
        _write_one_of_each(database, acme, clock, str(days))
    clock.at = NOW
    return database


def _write_one_of_each(database: Database, tenant: Tenant, clock: FakeClock, name: str) -> None:
    at = clock.at
    PostgresRequests(database, clock).begin(tenant, ALICE, name, digest="d", lock_id="l", op_id="o")
    effects = Effects(
        witness=witness(name, seen_at=at),
        audit=(audit_event(at=at, attachment_id=name),),
        intents=(intent(event_key=name),),
        restorations=(restoration(at=at, attachment_id=name, lock_id="2" * 32),),
    )
    PostgresEffects(database, clock).record(tenant, effects)
    with database.transaction() as connection:
        ensure(connection, [at.date()])
        connection.execute(insert(ACCOUNT_PROFILE).values(tenant_id=tenant.id, account=f"a:{name}", used_at=at))
        connection.execute(insert(CREATION_GUARD).values(tenant_id=tenant.id, attachment_id=name, op_id="o", until=at))
        connection.execute(insert(EMAIL_LOG).values(tenant_id=tenant.id, at=at, kind="broken", result="sent"))


def left(database: Database) -> dict[str, int]:
    return {table: count(database, table) for table in KEPT_30_DAYS}


def only_the_first(database: Database) -> bool:
    with database.single() as connection:
        moments = {
            connection.execute(select(METADATA.tables[name].c[column])).scalar_one()
            for name, column in (
                ("audit_event", "at"), ("email_log", "at"), ("account_profile", "used_at"),
                ("lock_witness", "seen_at"), ("restoration", "at"), ("email_intent", "created_at"),
            )
        }  # fmt: skip
    return moments == {NOW - timedelta(days=28)}


def test_of_rows_of_28_30_and_31_days_only_the_first_stays(aged: Database, clock: FakeClock) -> None:
    """Privacy §5: "30 days at most" is exact."""
    report = Retention(aged, clock, 30).purge()
    assert only_the_first(aged)
    assert report.complete
    by_age = {place: gone for place, gone in report.gone.items() if not place.startswith(UNINSTALLED)}
    assert by_age == {
        PARTITIONS: report.gone[PARTITIONS], "account_profile": 2, "lock_witness": 2, "restoration": 2,
        "email_intent": 2, "request_outcome": 3, "creation_guard": 3, "usage_daily": 0, "privacy_request": 0,
        SMALL_COUNTS: 0, QUEUE: 0, REPORTS: 0,
        FORMER_SECRETS: 0, EXPIRED_TOKENS: 0, f"{PEOPLE}.restoration": 0, f"{PEOPLE}.email_intent": 0,
    }  # fmt: skip
    assert report.gone[PARTITIONS] >= 4
    assert count(aged, "installation") == 1


@pytest.mark.parametrize(("minutes", "gone"), [(-1, False), (0, True), (59, True)])
def test_a_day_goes_at_the_instant_when_its_first_instant_is_30_days_old(
    database: Database, acme: Tenant, clock: FakeClock, minutes: int, gone: bool
) -> None:
    """Privacy §5: at 00:00 UTC, for all rows of the UTC day."""
    clock.at = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    _write_one_of_each(database, acme, clock, "late")
    clock.at = datetime(2026, 3, 31, tzinfo=UTC) + timedelta(minutes=minutes)
    Retention(database, clock, 30).purge()
    assert set(left(database).values()) == {0 if gone else 1}


def test_a_purge_that_was_down_for_a_week_runs_twice_at_once(aged: Database, acme: Tenant, clock: FakeClock) -> None:
    """Privacy §5: it deletes all that is due, each row once, and nothing else."""
    _write_one_of_each(aged, acme, clock, "today")
    clock.advance(days=7)
    retention = Retention(aged, clock, 30)
    before = _rows(aged)
    with ThreadPoolExecutor(2) as threads:
        reports = list(threads.map(lambda _: retention.purge(), range(2)))
    assert left(aged) == dict.fromkeys(KEPT_30_DAYS, 1)
    assert all(report.complete for report in reports)
    deleted = sum(report.total - report.gone[PARTITIONS] for report in reports)
    assert deleted == before - _rows(aged)


def _rows(database: Database) -> int:
    return sum(count(database, aged.table.name) for aged in AGED)


def test_a_purge_that_is_killed_goes_on_where_it_was(
    aged: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    retention = Retention(aged, clock, 30)
    for killed_before in range(len(AGED) + 1):
        with monkeypatch.context() as patch:
            patch.setattr(retention, "_steps", _killed(retention._steps, killed_before))
            with pytest.raises(KeyboardInterrupt):
                retention.purge()
    assert retention.purge().complete
    assert only_the_first(aged)


def _killed(steps: Callable[[datetime], object], number: int) -> Callable[[datetime], dict[str, object]]:
    def some(now: datetime) -> dict[str, object]:
        def die() -> int:
            raise KeyboardInterrupt

        items = list(dict(steps(now)).items())
        return {**dict(items[:number]), "killed": die}

    return some


def test_a_reader_delays_one_step_and_no_other(aged: Database, clock: FakeClock) -> None:
    """A transaction that reads old days; the next run deletes them."""
    retention = Retention(aged, clock, 30)
    with aged.transaction() as reader:
        reader.execute(select(AUDIT_EVENT)).all()
        report = retention.purge()
    assert (report.failed, report.complete) == ((PARTITIONS,), False)
    assert report.overdue[PARTITIONS] > 0
    assert count(aged, "account_profile") == 1
    assert retention.purge().complete
    assert only_the_first(aged)


@pytest.mark.parametrize("days", [1, 7, 29, 30])
def test_fewer_days_by_the_setting(database: Database, acme: Tenant, clock: FakeClock, days: int) -> None:
    """LOCKPOINT_RETENTION_DAYS; running work keeps three days at least.

    Witnesses stay for 30 days: an erasure finds the people of an ended record by them.
    """
    clock.at = NOW - timedelta(days=days)
    _write_one_of_each(database, acme, clock, "old")
    clock.at = NOW
    PostgresUpkeep(database, clock, retention_days=days).purge()
    found = left(database)
    assert (found["audit_event"], found["email_log"], found["account_profile"]) == (0, 0, 0)
    assert found["restoration"] == found["email_intent"] == (1 if days < 4 else 0)
    assert found["lock_witness"] == (1 if days < 30 else 0)


def test_working_rows_stay_three_whole_days(database: Database, acme: Tenant, clock: FakeClock) -> None:
    """C9: "three days at least", also a row of a day's last second; a day later all of that day go."""
    written = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    for clock.at in (datetime(2026, 3, 1, tzinfo=UTC), written):
        _write_one_of_each(database, acme, clock, str(clock.at.hour))
    clock.at = written + timedelta(days=3)
    Retention(database, clock, 1).purge()
    assert (count(database, "restoration"), count(database, "email_intent")) == (2, 2)
    clock.at += timedelta(seconds=1)
    Retention(database, clock, 1).purge()
    assert (count(database, "restoration"), count(database, "email_intent")) == (0, 0)


def test_requests_of_people_stay_a_year(database: Database, acme: Tenant, clock: FakeClock) -> None:
    """C9: each look at one's data adds one; that of an erasure under way stays as long as it lasts."""
    order = ErasureOrder(account=ALICE, pseudonym="erased-1", origin=Origin.ATLASSIAN, release_at=NOW)
    with database.transaction() as connection:
        erasures.begin(connection, acme, (order,), NOW)
        erasures.asked(connection, acme, PrivacyRight.COPY, Origin.PERSON, NOW)
    for instant, left in ((timedelta(), 2), (timedelta(microseconds=1), 1)):
        clock.at = NOW + timedelta(days=365) + instant
        report = Retention(database, clock, 30).purge()
        assert (report.complete, count(database, "privacy_request")) == (True, left)


def test_days_are_utc_days_wherever_the_clock_is() -> None:
    moment = datetime.fromisoformat("2026-03-30T20:00:00-05:00")
    assert first_kept(moment, 30) == datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("status", ["failed", "todo"])
def test_old_parked_jobs_go(aged: Database, clock: FakeClock, status: str) -> None:
    """Ids in jobs are data."""
    with aged.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status, args)"
                " SELECT 'lockpoint', 'sweep', 'todo', '{}' FROM generate_series(1, 3)"
            )
        )
        ids = list(connection.execute(text("SELECT id FROM procrastinate_jobs ORDER BY id DESC LIMIT 3")).scalars())
        move = text("UPDATE procrastinate_events SET at = :at WHERE job_id = :id")
        for id_, days in zip(ids, (28, 30, 31), strict=True):
            connection.execute(move, {"id": id_, "at": NOW - timedelta(days=days)})
        values = {"status": status, "ids": ids}
        connection.execute(
            text(
                "UPDATE procrastinate_jobs SET status = CAST(:status AS procrastinate_job_status) WHERE id = ANY(:ids)"
            ),
            values,
        )
        connection.execute(text("DELETE FROM procrastinate_events WHERE at > :now"), {"now": NOW})
    waiting = count(aged, "queue") - 3
    retention = Retention(aged, clock, 30)
    assert retention.overdue(NOW)[QUEUE] == 2
    assert retention.purge().gone[QUEUE] == 2
    assert count(aged, "queue") == waiting + 1


def test_the_report_tells_what_is_left_over(aged: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """S12: proved by a query."""
    retention = Retention(aged, clock, 30)
    monkeypatch.setattr(retention, "_delete", lambda *_: 0)
    report: PurgeReport = retention.purge()
    assert not report.complete
    assert report.overdue["account_profile"] == report.overdue["lock_witness"] == 2


def test_the_report_counts_erasures_and_reports_that_are_late(
    database: Database, acme: Tenant, globex: Tenant, clock: FakeClock
) -> None:
    """S12: an erasure may take 7 days, a report to Atlassian one day beyond its turn; inactive sites do not count."""
    clock.at, week = NOW, timedelta(days=7)
    order = ErasureOrder(account=ALICE, pseudonym="erased-1", origin=Origin.ATLASSIAN, release_at=NOW)
    for tenant in (acme, globex):
        with database.transaction() as connection:
            erasures.begin(connection, tenant, (order,), NOW)
    with database.transaction() as connection:
        for tenant, account in ((acme, "b:late"), (globex, "b:left"), (acme, ALICE)):
            row = {"tenant_id": tenant.id, "account": account, "retrieved_at": NOW, "due_at": NOW + week}
            connection.execute(insert(ACCOUNT_REPORT).values(row))
            connection.execute(insert(ACCOUNT_PROFILE).values(tenant_id=tenant.id, account=account, used_at=NOW))
        connection.execute(update(INSTALLATION).where(INSTALLATION.c.id == globex.id).values(enabled=False))
    retention, late = Retention(database, clock, 30), {}
    for days in (7, 8):
        for instant in (timedelta(), timedelta(microseconds=1)):
            clock.at = NOW + timedelta(days=days) + instant
            late[days, bool(instant)] = retention.purge().late
    assert late[7, False] == {ERASURES: 0, REPORTS: 0}
    assert late[7, True] == {ERASURES: 1, REPORTS: 0}
    assert late[8, True] == {ERASURES: 1, REPORTS: 1}


def test_accounts_to_report_go_with_the_last_row_that_names_them(
    database: Database, acme: Tenant, globex: Tenant, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on inactive sites, which report nothing."""
    clock.at = NOW
    with database.transaction() as connection:
        for tenant, at in ((acme, NOW), (globex, NOW - timedelta(days=31))):
            connection.execute(insert(ACCOUNT_PROFILE).values(tenant_id=tenant.id, account=ALICE, used_at=at))
            row = {"tenant_id": tenant.id, "account": ALICE, "retrieved_at": at, "due_at": at}
            connection.execute(insert(ACCOUNT_REPORT).values(row))
        connection.execute(update(INSTALLATION).where(INSTALLATION.c.id == globex.id).values(enabled=False))
    with monkeypatch.context() as patch:
        patch.setattr(account_reports, "drop_unnamed", lambda _: 0)
        left = Retention(database, clock, 30).purge()
    assert (left.overdue[REPORTS], left.complete) == (1, False)
    report = Retention(database, clock, 30).purge()
    assert (report.gone[REPORTS], report.complete) == (1, True)
    with database.single() as connection:
        assert list(connection.execute(select(ACCOUNT_REPORT.c.tenant_id)).scalars()) == [acme.id]


def test_a_partition_of_others_is_told_and_stops_nothing(aged: Database, acme: Tenant, clock: FakeClock) -> None:
    """Made by hand; old rows in it are overdue."""
    old = {"tenant_id": acme.id, "at": NOW - timedelta(days=99), "kind": "k", "epoch": 1, "seq": 1, "recovered": False}
    names = ("audit_event_default", "audit_event_20269999", "Audit Event")
    with aged.transaction() as connection:
        connection.execute(text("CREATE TABLE audit_event_default PARTITION OF audit_event DEFAULT"))
        for name, month in zip(names[1:], ("05", "06"), strict=True):
            connection.exec_driver_sql(
                f"CREATE TABLE \"{name}\" PARTITION OF audit_event FOR VALUES FROM ('2035-{month}-01')"
                f" TO ('2035-{month}-28')"
            )
        connection.execute(insert(AUDIT_EVENT).values(old))
    report = Retention(aged, clock, 30).purge()
    assert report.failed == ()
    assert {name: report.overdue[name] for name in ("audit_event_default", "audit_event_20269999")} == {
        "audit_event_default": 1, "audit_event_20269999": 0,
    }  # fmt: skip
    assert report.overdue['"Audit Event"'] == report.overdue[PARTITIONS] == 0
    assert not report.complete
    assert count(aged, "account_profile") == 1
    with aged.single() as connection:
        connection.execute(delete(AUDIT_EVENT).where(AUDIT_EVENT.c.at < NOW - timedelta(days=90)))
    assert Retention(aged, clock, 30).purge().complete


def test_a_step_that_breaks_stops_no_other(
    aged: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The report has no text of the error."""

    def broken(*_: object) -> int:
        raise ValueError(f"a text with {ALICE}")

    monkeypatch.setattr(retention_module, "drop_expired", broken)
    report = Retention(aged, clock, 30).purge()
    assert (report.failed, report.complete) == ((PARTITIONS,), False)
    assert PARTITIONS not in report.gone
    assert count(aged, "account_profile") == 1
    assert ALICE not in caplog.text


def test_a_profile_that_is_used_again_stays(aged: Database, clock: FakeClock) -> None:
    """Profiles count from their last use."""
    with aged.transaction() as connection:
        connection.execute(update(ACCOUNT_PROFILE).values(used_at=NOW))
    Retention(aged, clock, 30).purge()
    assert count(aged, "account_profile") == 3
