from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from lockpoint.services.context import Tenant
from lockpoint.services.ports.locks import Effects, Protection
from lockpoint.services.ports.notifications import Profile
from lockpoint.services.ports.tenancy import Licence, LicenceNote, UsageEvent, UsageRow
from lockpoint.services.tenancy.absence import jobs_after_return
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import Keyring, keyring
from lockpoint.storage.notifications.profiles import PostgresProfiles
from lockpoint.storage.retention.purge import SMALL_COUNTS, Retention
from lockpoint.storage.tables import LOCK_WITNESS, USAGE_DAILY
from lockpoint.storage.tenancy.installations import PostgresTenants
from lockpoint.storage.tenancy.licences import PostgresLicences
from lockpoint.storage.tenancy.site_states import PostgresSiteStates
from lockpoint.storage.tenancy.usage_counts import PostgresUsageCounts
from tests.fakes.world import ALICE, BOB, START, FakeClock
from tests.storage.builders import count, everything, free, queue, witness

DAY = START.date()
BEGINNING = date(2000, 1, 1)


@pytest.fixture
def usage(database: Database, keys: Keyring) -> PostgresUsageCounts:
    return PostgresUsageCounts(database, keys)


def test_nothing_is_counted_unless_it_was_switched_on(
    usage: PostgresUsageCounts, database: Database, acme: Tenant
) -> None:
    """Off by default."""
    usage.count(acme, ALICE, UsageEvent.LOCKED, DAY)
    PostgresSiteStates(database).note_place(acme, "hint:1")
    usage.count(acme, ALICE, UsageEvent.LOCKED, DAY)
    assert not usage.counting(acme)
    assert count(database, "usage_daily") == 0


def test_counts_are_added_up_without_people(
    usage: PostgresUsageCounts, database: Database, acme: Tenant, globex: Tenant
) -> None:
    """The site is a keyed hash."""
    for tenant in (acme, globex):
        usage.switch(tenant, on=True)
    PostgresProfiles(database).put(acme, ALICE, Profile(time_zone="Europe/Berlin", locale="de", used_at=START))
    for _ in range(5):
        usage.count(acme, ALICE, UsageEvent.LOCKED, DAY)
        usage.count(acme, BOB, UsageEvent.LOCKED, DAY)
        usage.count(acme, BOB, UsageEvent.RELEASED, DAY + timedelta(days=1))
    usage.count(acme, BOB, UsageEvent.LOCKED, DAY)
    usage.count(globex, ALICE, UsageEvent.LOCKED, DAY)
    assert usage.kept(acme, BEGINNING) == [
        UsageRow(day=DAY + timedelta(days=1), event=UsageEvent.RELEASED, locale="", zone="", count=5),
        UsageRow(day=DAY, event=UsageEvent.LOCKED, locale="", zone="", count=6),
        UsageRow(day=DAY, event=UsageEvent.LOCKED, locale="de", zone="Europe/Berlin", count=5),
    ]
    assert len(usage.kept(acme, DAY + timedelta(days=1))) == 1
    with database.single() as connection:
        rows = "\n".join(str(row) for row in connection.execute(select(USAGE_DAILY)))
    assert ALICE not in rows
    assert acme.site_key not in rows
    assert len(set(keyring(["x" * 32]).site_hashes("acme")) | set(keyring(["y" * 32]).site_hashes("acme"))) == 2


def test_counts_that_could_be_one_persons_are_added_up(
    usage: PostgresUsageCounts, database: Database, acme: Tenant, globex: Tenant, clock: FakeClock
) -> None:
    """C9, P82: below five of a language and time zone; shown so at once, and stored so when the day is over."""
    clock.at = START
    profiles = PostgresProfiles(database)
    for account, zone in ((ALICE, "Europe/Berlin"), (BOB, "Asia/Tokyo")):
        profiles.put(acme, account, Profile(time_zone=zone, locale="de", used_at=START))
    for tenant in (acme, globex):
        usage.switch(tenant, on=True)
    for account, times in ((ALICE, 4), (BOB, 5)):
        for _ in range(times):
            usage.count(acme, account, UsageEvent.LOCKED, DAY)
    usage.count(acme, ALICE, UsageEvent.RELEASED, DAY)
    usage.count(globex, ALICE, UsageEvent.LOCKED, DAY)
    shown = [
        UsageRow(day=DAY, event=UsageEvent.LOCKED, locale="de", zone="Asia/Tokyo", count=5),
        UsageRow(day=DAY, event=UsageEvent.LOCKED, locale="other", zone="other", count=4),
        UsageRow(day=DAY, event=UsageEvent.RELEASED, locale="other", zone="other", count=1),
    ]
    retention = Retention(database, clock, 30)
    assert (usage.kept(acme, BEGINNING), retention.purge().gone[SMALL_COUNTS]) == (shown, 0)
    assert "Europe/Berlin" in _zones(database)
    clock.advance(days=1)
    assert retention.overdue(clock.now())[SMALL_COUNTS] == 3
    assert retention.purge().gone[SMALL_COUNTS] == 3
    assert (usage.kept(acme, BEGINNING), retention.purge().gone[SMALL_COUNTS]) == (shown, 0)
    assert _zones(database) == {"Asia/Tokyo", "other"}
    usage.count(acme, ALICE, UsageEvent.LOCKED, DAY)
    assert retention.purge().gone[SMALL_COUNTS] == 1
    assert usage.kept(acme, BEGINNING)[1].count == 5
    assert [row.count for row in usage.kept(globex, BEGINNING)] == [1]


def _zones(database: Database) -> set[str]:
    with database.single() as connection:
        return set(connection.execute(select(USAGE_DAILY.c.zone)).scalars())


def test_many_at_once_lose_no_count(usage: PostgresUsageCounts, acme: Tenant) -> None:
    """Counts are added in the database."""
    usage.switch(acme, on=True)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: usage.count(acme, ALICE, UsageEvent.LOCKED, DAY), range(30)))
    assert [row.count for row in usage.kept(acme, BEGINNING)] == [30]


def test_switching_off_erases(usage: PostgresUsageCounts, database: Database, acme: Tenant, globex: Tenant) -> None:
    """Also rows under an older key."""
    older = keyring(["an older root key of more than 32 characters"])
    both = keyring(["an invented root key of more than 32 characters", "an older root key of more than 32 characters"])
    for tenant in (acme, globex):
        PostgresUsageCounts(database, older).switch(tenant, on=True)
        PostgresUsageCounts(database, older).count(tenant, ALICE, UsageEvent.LOCKED, DAY)
        PostgresUsageCounts(database, both).count(tenant, ALICE, UsageEvent.LOCKED, DAY)
    rotated = PostgresUsageCounts(database, both)
    assert [row.count for row in rotated.kept(acme, BEGINNING)] == [2]
    rotated.switch(acme, on=False)
    assert rotated.kept(acme, BEGINNING) == []
    assert [row.count for row in rotated.kept(globex, BEGINNING)] == [2]
    assert not usage.counting(acme)
    assert "acme" not in "".join(line for line in everything(database).splitlines() if "locked" in line)


def test_switching_off_meets_a_count_that_is_being_added(
    usage: PostgresUsageCounts, database: Database, acme: Tenant
) -> None:
    """Whichever is first, no count remains."""
    for _ in range(5):
        usage.switch(acme, on=True)
        with ThreadPoolExecutor(5) as threads:
            adding = [threads.submit(usage.count, acme, ALICE, UsageEvent.LOCKED, DAY) for _ in range(8)]
            off = threads.submit(usage.switch, acme, on=False)
            for work in (*adding, off):
                work.result()
        assert count(database, "usage_daily") == 0


OLDER, NEWER = "an older root key of more than 32 characters", "a newer root key of more than 32 characters"


def test_counts_come_over_to_the_newest_key(database: Database, acme: Tenant, globex: Tenant) -> None:
    """Rows that no key can name are left to their age."""
    older, both, newer = (PostgresUsageCounts(database, keyring(keys)) for keys in ([OLDER], [NEWER, OLDER], [NEWER]))
    for tenant in (acme, globex):
        older.switch(tenant, on=True)
        older.count(tenant, ALICE, UsageEvent.LOCKED, DAY)
        older.count(tenant, ALICE, UsageEvent.RELEASED, DAY)
        both.count(tenant, ALICE, UsageEvent.LOCKED, DAY)
    assert newer.by_key() == {keyring([NEWER]).newest: 2, None: 4}
    assert both.by_key() == {keyring([NEWER]).newest: 2, keyring([OLDER]).newest: 4}
    assert (both.bring_over(), both.bring_over()) == (4, 0)
    assert newer.by_key() == {keyring([NEWER]).newest: 4}
    for tenant in (acme, globex):
        assert [(row.event, row.count) for row in newer.kept(tenant, BEGINNING)] == [
            (UsageEvent.LOCKED, 2), (UsageEvent.RELEASED, 1),
        ]  # fmt: skip
    newer.switch(acme, on=False)
    assert newer.kept(acme, BEGINNING) == []
    assert len(newer.kept(globex, BEGINNING)) == 2


def test_switching_off_meets_a_change_of_keys(database: Database, acme: Tenant) -> None:
    """Whichever is first, no count remains."""
    older, both = (
        PostgresUsageCounts(database, keyring([OLDER])),
        PostgresUsageCounts(database, keyring([NEWER, OLDER])),
    )
    for _ in range(5):
        older.switch(acme, on=True)
        older.count(acme, ALICE, UsageEvent.LOCKED, DAY)
        with ThreadPoolExecutor(3) as threads:
            for work in (threads.submit(both.bring_over), threads.submit(both.switch, acme, on=False)):
                work.result()
        assert count(database, "usage_daily") == 0


def test_other_writers_leave_the_switch_alone(usage: PostgresUsageCounts, database: Database, acme: Tenant) -> None:
    """Writes of other site state."""
    states = PostgresSiteStates(database)
    usage.switch(acme, on=True)
    usage.switch(acme, on=False)
    states.note_place(acme, "hint:1")
    assert not usage.counting(acme)
    usage.switch(acme, on=True)
    states.note_test(acme, works=True, at=START, scratch_id="7")
    assert usage.counting(acme)
    assert states.get(acme).scratch_id == "7"


@pytest.mark.parametrize(("now", "days", "left"), [(31, 30, 1), (31, 29, 0), (32, 30, 0)])
def test_counts_leave_by_age(
    usage: PostgresUsageCounts, database: Database, acme: Tenant, clock: FakeClock, now: int, days: int, left: int
) -> None:
    """When the day's first instant is 30 days old (fewer by setting)."""
    usage.switch(acme, on=True)
    usage.count(acme, ALICE, UsageEvent.LOCKED, date(2026, 3, 2))
    clock.at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=now) - timedelta(seconds=1)
    assert Retention(database, clock, days).purge().complete
    assert count(database, "usage_daily") == left


def database_time(database: Database) -> datetime:
    with database.single() as connection:
        return connection.execute(select(func.now())).scalar_one()


def returned(database: Database, tenant: Tenant) -> datetime | None:
    found = PostgresTenants(database).by_id(tenant.id)
    return found.returned_at if found else None


def test_a_licence_that_comes_back_is_a_return(database: Database, acme: Tenant, globex: Tenant) -> None:
    """P-16: the first valid licence after an invalid one."""
    notes, later = PostgresLicences(database, jobs_after_return), START + timedelta(minutes=1)
    assert notes.get(acme) == LicenceNote()
    assert notes.note(acme, active=True, at=START) is Licence.ACTIVE
    assert notes.note(acme, active=False, at=START) is Licence.NONE
    assert returned(database, acme) is None
    assert not queue(database)
    assert notes.note(acme, active=True, at=START) is Licence.ACTIVE
    looks = [(job.task_name, job.args["tenant_id"]) for job in queue(database)]
    assert sorted(looks) == [("rediscover", acme.id), ("sweep", acme.id)]
    back = returned(database, acme)
    assert back is not None
    assert abs(back - database_time(database)) < timedelta(minutes=1)
    assert notes.note(acme, active=True, at=later) is Licence.ACTIVE
    assert returned(database, acme) == back
    assert notes.get(acme) == LicenceNote(Licence.ACTIVE, later)
    assert notes.get(globex) == LicenceNote()
    assert returned(database, globex) is None


def test_an_older_answer_does_not_replace_a_newer_word(database: Database, acme: Tenant) -> None:
    """From a slow call; a stored time far ahead was a clock error."""
    notes, hour = PostgresLicences(database, jobs_after_return), timedelta(hours=1)
    notes.note(acme, active=False, at=START)
    assert notes.note(acme, active=True, at=START - timedelta(seconds=5)) is Licence.NONE
    assert returned(database, acme) is None
    assert notes.note(acme, active=True, at=START - hour) is Licence.ACTIVE


def test_a_return_marks_every_hold_of_the_site(database: Database, acme: Tenant, globex: Tenant) -> None:
    """As UNCHECKED, so files in the trash are left there."""
    effects = PostgresEffects(database, FakeClock())
    for tenant in (acme, globex):
        effects.record(tenant, Effects(witness=witness("held")))
        effects.record(tenant, Effects(witness=witness("free", record=free())))
    notes = PostgresLicences(database, jobs_after_return)
    for active in (False, True):
        notes.note(acme, active=active, at=START)
    with database.single() as connection:
        rows = connection.execute(
            select(LOCK_WITNESS.c.tenant_id, LOCK_WITNESS.c.attachment_id, LOCK_WITNESS.c.protection)
        )
        marked = [(row.tenant_id, row.attachment_id) for row in rows if row.protection == Protection.UNCHECKED]
    assert marked == [(acme.id, "held")]


def test_when_licences_stop_to_count_sites_without_one_return(database: Database, acme: Tenant, globex: Tenant) -> None:
    """LOCKPOINT_LICENSING is switched off: uploads made without a licence are accepted."""
    notes = PostgresLicences(database, jobs_after_return)
    notes.note(acme, active=False, at=START)
    notes.note(globex, active=True, at=START)
    notes.lift()
    back = returned(database, acme)
    notes.lift()
    assert returned(database, acme) == back is not None
    assert notes.get(acme) == LicenceNote()
    assert returned(database, globex) is None
    assert {job.args["tenant_id"] for job in queue(database)} == {acme.id}
