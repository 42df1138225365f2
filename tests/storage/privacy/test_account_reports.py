from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
import redis
from sqlalchemy import delete, text

from lockpoint.services.context import Tenant
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.notifications import Profile
from lockpoint.services.ports.privacy import ErasureOrder, Origin, ReportSettlement
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.notifications.profiles import PostgresProfiles
from lockpoint.storage.privacy import account_reports as module
from lockpoint.storage.privacy.account_reports import drop_unnamed, unnamed
from lockpoint.storage.privacy.person_store import PostgresPersonStore
from lockpoint.storage.tables import ACCOUNT_PROFILE
from tests.fakes.world import ALICE, BOB, CHARLIE, START, FakeClock
from tests.storage.builders import audit_event, everything, free, intent, restoration, witness

WEEK = timedelta(days=7)


@pytest.fixture
def reports(database: Database, cache: redis.Redis) -> PostgresPersonStore:
    return PostgresPersonStore(database, cache)


def _note(database: Database, tenant: Tenant, *accounts: str) -> None:
    rows = tuple(
        audit_event(account=account, attachment_id=str(number), at=START - timedelta(days=number + 1))
        for number, account in enumerate(accounts)
    )
    PostgresEffects(database, FakeClock()).record(tenant, Effects(audit=rows))


def test_every_named_account_is_listed_once_with_its_oldest_date(
    database: Database, reports: PostgresPersonStore, acme: Tenant, globex: Tenant
) -> None:
    """F51: `unknown` and pseudonyms are not accounts."""
    effects = PostgresEffects(database, FakeClock())
    effects.record(acme, Effects(witness=witness(record=free()), restorations=(restoration(offenders=(CHARLIE,)),)))
    effects.record(acme, Effects(intents=(intent(recipient="unknown", actor="erased-1"),)))
    _note(database, acme, BOB, BOB)
    _note(database, globex, CHARLIE)
    reports.list_accounts(acme, START)
    assert sorted(reports.listed_accounts(acme)) == sorted([ALICE, BOB, CHARLIE])
    found = {one.account: one.retrieved_at for one in reports.due_accounts(acme, START + WEEK, 90)}
    assert found[BOB] == START - timedelta(days=2)
    assert found[ALICE] == START


def test_turns_are_spread_over_the_cycle(database: Database, reports: PostgresPersonStore, acme: Tenant) -> None:
    """Even of accounts found at the same time."""
    _note(database, acme, *(f"557058:{number:032x}" for number in range(28)))
    effects = PostgresEffects(database, FakeClock())
    more = tuple(intent(recipient=f"712020:{number:032x}", event_key=str(number)) for number in range(172))
    effects.record(acme, Effects(intents=more))
    reports.list_accounts(acme, START)
    due = [len(reports.due_accounts(acme, START + timedelta(days=day), 500)) for day in range(8)]
    assert due[0] == 0
    assert due[7] == 200
    assert all(10 <= later - earlier <= 50 for earlier, later in pairwise(due))


def test_an_account_is_not_reported_twice_in_a_cycle(
    database: Database, reports: PostgresPersonStore, acme: Tenant
) -> None:
    """Also if Atlassian changes the period."""
    _note(database, acme, ALICE, BOB)
    reports.list_accounts(acme, START - WEEK)
    reports.settle_report(acme, ReportSettlement(at=START, accounts=(ALICE,), cycle_days=10))
    assert [one.account for one in reports.due_accounts(acme, START + timedelta(days=9), 90)] == [BOB]
    reports.list_accounts(acme, START + timedelta(days=9))
    assert [one.account for one in reports.due_accounts(acme, START + timedelta(days=9, hours=23), 90)] == [BOB]
    assert [one.account for one in reports.due_accounts(acme, START + timedelta(days=10), 90)] == [BOB, ALICE]


@pytest.mark.parametrize(("stays", "never"), [(1, 3), (2, 0)])
def test_who_comes_and_goes_is_reported_neither_more_often_nor_never(
    database: Database, reports: PostgresPersonStore, acme: Tenant, stays: int, never: int
) -> None:
    """Rows that live a day or two: never reported twice in a cycle.

    Only an account whose rows are absent at each read near its turn can be missed.
    """
    people = [f"557058:{number:032x}" for number in range(20)]
    profiles, told = PostgresProfiles(database), {account: [] for account in people}
    for hour in range(0, 24 * 42, 2):
        now = START + timedelta(hours=hour)
        if hour % 48 == 0:
            for account in people:
                profiles.put(acme, account, Profile(time_zone=None, locale=None, used_at=now))
        with database.single() as connection:
            old = ACCOUNT_PROFILE.c.used_at <= now - timedelta(days=stays)
            connection.execute(delete(ACCOUNT_PROFILE).where(old))
        reports.list_accounts(acme, now)
        due = [one.account for one in reports.due_accounts(acme, now, 90)]
        reports.settle_report(acme, ReportSettlement(at=now, accounts=tuple(due)))
        for account in due:
            told[account].append(now)
    assert len([account for account, turns in told.items() if not turns]) <= never
    gaps = [later - earlier for turns in told.values() for earlier, later in pairwise(turns)]
    assert min(gaps) >= WEEK


def test_nothing_is_due_while_atlassian_wants_to_be_left_alone(
    database: Database, reports: PostgresPersonStore, acme: Tenant, globex: Tenant
) -> None:
    """After a 429, until the given time; other sites continue."""
    _note(database, acme, ALICE)
    _note(database, globex, ALICE)
    for tenant in (acme, globex):
        reports.list_accounts(tenant, START - WEEK)
    reports.put_off_reports(acme, START + timedelta(hours=1))
    assert reports.due_accounts(acme, START, 90) == []
    assert len(reports.due_accounts(globex, START, 90)) == 1
    assert len(reports.due_accounts(acme, START + timedelta(hours=1), 90)) == 1


def test_updated_accounts_lose_their_profile_and_are_fresh(
    database: Database, reports: PostgresPersonStore, acme: Tenant
) -> None:
    """`updated`: the next report carries the time of this one."""
    profiles = PostgresProfiles(database)
    for account in (ALICE, BOB):
        profiles.put(acme, account, Profile(time_zone="Europe/Riga", locale="lv", used_at=START - timedelta(days=3)))
    _note(database, acme, ALICE, BOB)
    reports.list_accounts(acme, START - WEEK)
    reports.settle_report(acme, ReportSettlement(at=START, accounts=(ALICE, BOB), updated=(ALICE,)))
    assert profiles.get(acme, ALICE) is None
    assert profiles.get(acme, BOB) is not None
    found = {one.account: one.retrieved_at for one in reports.due_accounts(acme, START + WEEK, 90)}
    assert found == {ALICE: START, BOB: START - timedelta(days=3)}


def test_closed_accounts_are_erased_and_never_due_again(
    database: Database, reports: PostgresPersonStore, acme: Tenant
) -> None:
    """`closed`: in the same transaction; only a digest of the account is kept."""
    _note(database, acme, ALICE, BOB)
    reports.list_accounts(acme, START - WEEK)
    order = ErasureOrder(
        account=ALICE, pseudonym="erased-1", origin=Origin.ATLASSIAN, release_at=START, digest="k1:abc"
    )
    reports.settle_report(acme, ReportSettlement(at=START, accounts=(ALICE, BOB), closed=(order,)))
    assert [erasure.account for erasure in reports.erasures()] == [ALICE]
    assert reports.closed_accounts(acme) == {"k1:abc"}
    assert [one.account for one in reports.due_accounts(acme, START + WEEK, 90)] == [BOB]


def test_accounts_that_nothing_names_leave_the_lists_of_all_sites(
    database: Database, reports: PostgresPersonStore, acme: Tenant, globex: Tenant
) -> None:
    """Also on inactive sites."""
    _note(database, acme, ALICE)
    for tenant, account in ((globex, ALICE), (globex, BOB), (acme, CHARLIE), (globex, CHARLIE)):
        PostgresProfiles(database).put(tenant, account, Profile(time_zone=None, locale=None, used_at=START))
    for tenant in (acme, globex):
        reports.list_accounts(tenant, START)
    with database.single() as connection:
        connection.execute(delete(ACCOUNT_PROFILE).where(ACCOUNT_PROFILE.c.account != BOB))
        assert unnamed(connection) == 3
    assert drop_unnamed(database) == 3
    assert (list(reports.listed_accounts(acme)), list(reports.listed_accounts(globex))) == ([ALICE], [BOB])
    with database.single() as connection:
        assert unnamed(connection) == 0


def test_digests_are_forgotten(reports: PostgresPersonStore, acme: Tenant, globex: Tenant) -> None:
    """An account in use again is no longer closed on this site."""
    for tenant in (acme, globex):
        orders = [
            ErasureOrder(account=a, pseudonym="erased-1", origin=Origin.ATLASSIAN, release_at=START, digest=f"k1:{a}")
            for a in (ALICE, BOB)
        ]
        reports.begin_erasures(tenant, orders, START)
    reports.reopen_accounts(acme, [f"k2:{ALICE}", f"k1:{ALICE}"])
    assert reports.closed_accounts(acme) == {f"k1:{BOB}"}
    assert len(reports.closed_accounts(globex)) == 2


def test_who_is_named_nowhere_leaves_the_list(database: Database, reports: PostgresPersonStore, acme: Tenant) -> None:
    PostgresProfiles(database).put(acme, CHARLIE, Profile(time_zone=None, locale=None, used_at=START))
    reports.list_accounts(acme, START)
    assert reports.listed_accounts(acme) == [CHARLIE]
    reports.settle_report(acme, ReportSettlement(at=START, accounts=(CHARLIE,), updated=(CHARLIE,)))
    reports.list_accounts(acme, START)
    assert CHARLIE not in everything(database)


def test_leaving_the_list_stays_cheap_where_memory_is_short(database: Database, acme: Tenant) -> None:
    """Rows are joined, not searched once per account."""
    with database.transaction() as connection:
        connection.execute(text("SET LOCAL work_mem = '64kB'"))
        connection.execute(
            text(
                "INSERT INTO account_report (tenant_id, account, retrieved_at, due_at)"
                " SELECT :tenant, 'a:' || n, now(), now() FROM generate_series(1, 3000) n"
            ),
            {"tenant": acme.id},
        )
        connection.execute(
            text(
                "INSERT INTO account_profile (tenant_id, account, used_at)"
                " SELECT :tenant, 'a:' || n, now() FROM generate_series(1, 20000) n"
            ),
            {"tenant": acme.id},
        )
        connection.execute(text("ANALYZE account_report, account_profile"))
        for statement in (module._DROP, module._DROP_ALL, module._COUNT_ALL):
            rows = connection.execute(text(f"EXPLAIN {statement.text}"), {"tenant": acme.id}).scalars()
            plan = "\n".join(rows)
            assert "SubPlan" not in plan, plan
            assert "Anti Join" in plan, plan
