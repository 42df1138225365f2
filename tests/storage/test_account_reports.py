"""Which accounts are reported when."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from lockpoint.services.context import Tenant
from lockpoint.services.people_ports import ErasureOrder, Origin, Profile, ReportSettlement
from lockpoint.services.ports import Effects
from lockpoint.storage.account_reports import AccountReports
from lockpoint.storage.engine import Database
from lockpoint.storage.ledger import Ledger
from lockpoint.storage.privacy_requests import Erasures
from lockpoint.storage.profiles import Profiles
from tests.fakes import ALICE, BOB, CHARLIE, START, FakeClock
from tests.storage.builders import audit_event, everything, free, intent, restoration, witness

WEEK = timedelta(days=7)


@pytest.fixture
def reports(database: Database) -> AccountReports:
    return AccountReports(database)


def _note(database: Database, tenant: Tenant, *accounts: str) -> None:
    rows = tuple(
        audit_event(account=account, attachment_id=str(number), at=START - timedelta(days=number + 1))
        for number, account in enumerate(accounts)
    )
    Ledger(database, FakeClock()).record(tenant, Effects(audit=rows))


def test_every_named_account_is_listed_once_with_its_oldest_date(
    database: Database, reports: AccountReports, acme: Tenant, globex: Tenant
) -> None:
    """Accounts are taken from every table, once per site; `unknown` and pseudonyms are nobody."""
    ledger = Ledger(database, FakeClock())
    ledger.record(acme, Effects(witness=witness(record=free()), restorations=(restoration(offenders=(CHARLIE,)),)))
    ledger.record(acme, Effects(intents=(intent(recipient="unknown", actor="erased-1"),)))
    _note(database, acme, BOB, BOB)
    _note(database, globex, CHARLIE)
    reports.gather(acme, START)
    assert sorted(reports.known(acme)) == sorted([ALICE, BOB, CHARLIE])
    found = {one.account: one.retrieved_at for one in reports.due(acme, START + WEEK, 90)}
    assert found[BOB] == START - timedelta(days=2)
    assert found[ALICE] == START


def test_turns_are_spread_over_the_cycle(database: Database, reports: AccountReports, acme: Tenant) -> None:
    """Accounts that come at once do not get their turn at once: each day of the cycle has its share."""
    _note(database, acme, *(f"557058:{number:032x}" for number in range(28)))
    ledger = Ledger(database, FakeClock())
    more = tuple(intent(recipient=f"712020:{number:032x}", event_key=str(number)) for number in range(172))
    ledger.record(acme, Effects(intents=more))
    reports.gather(acme, START)
    due = [len(reports.due(acme, START + timedelta(days=day), 500)) for day in range(8)]
    assert due[0] == 0
    assert due[7] == 200
    assert all(10 <= later - earlier <= 50 for earlier, later in pairwise(due))


def test_an_account_is_not_reported_twice_in_a_cycle(database: Database, reports: AccountReports, acme: Tenant) -> None:
    """The period that Atlassian names is obeyed, also when it changes."""
    _note(database, acme, ALICE, BOB)
    reports.gather(acme, START - WEEK)
    reports.settle(acme, ReportSettlement(at=START, accounts=(ALICE,), cycle_days=10))
    assert [one.account for one in reports.due(acme, START + timedelta(days=9), 90)] == [BOB]
    reports.gather(acme, START + timedelta(days=9))
    assert [one.account for one in reports.due(acme, START + timedelta(days=9, hours=23), 90)] == [BOB]
    assert [one.account for one in reports.due(acme, START + timedelta(days=10), 90)] == [BOB, ALICE]


def test_nothing_is_due_while_atlassian_wants_to_be_left_alone(
    database: Database, reports: AccountReports, acme: Tenant, globex: Tenant
) -> None:
    """After a 429 the whole site rests until the named time; other sites go on."""
    _note(database, acme, ALICE)
    _note(database, globex, ALICE)
    for tenant in (acme, globex):
        reports.gather(tenant, START - WEEK)
    reports.wait(acme, START + timedelta(hours=1))
    assert reports.due(acme, START, 90) == []
    assert len(reports.due(globex, START, 90)) == 1
    assert len(reports.due(acme, START + timedelta(hours=1), 90)) == 1


def test_updated_accounts_lose_their_profile_and_are_fresh(
    database: Database, reports: AccountReports, acme: Tenant
) -> None:
    """`updated`: what was fetched of the person goes, and the next report names the time of this one."""
    profiles = Profiles(database)
    for account in (ALICE, BOB):
        profiles.put(acme, account, Profile(time_zone="Europe/Riga", locale="lv", used_at=START - timedelta(days=3)))
    _note(database, acme, ALICE, BOB)
    reports.gather(acme, START - WEEK)
    reports.settle(acme, ReportSettlement(at=START, accounts=(ALICE, BOB), updated=(ALICE,)))
    assert profiles.get(acme, ALICE) is None
    assert profiles.get(acme, BOB) is not None
    found = {one.account: one.retrieved_at for one in reports.due(acme, START + WEEK, 90)}
    assert found == {ALICE: START, BOB: START - timedelta(days=3)}


def test_closed_accounts_are_erased_and_never_due_again(
    database: Database, reports: AccountReports, acme: Tenant
) -> None:
    """`closed`: the erasure is under way in the same transaction, and only a digest of the account is remembered."""
    _note(database, acme, ALICE, BOB)
    reports.gather(acme, START - WEEK)
    order = ErasureOrder(
        account=ALICE, pseudonym="erased-1", origin=Origin.ATLASSIAN, release_at=START, digest="k1:abc"
    )
    reports.settle(acme, ReportSettlement(at=START, accounts=(ALICE, BOB), closed=(order,)))
    assert [erasure.account for erasure in Erasures(database).under_way()] == [ALICE]
    assert reports.closed(acme) == {"k1:abc"}
    assert [one.account for one in reports.due(acme, START + WEEK, 90)] == [BOB]


def test_who_is_named_nowhere_leaves_the_list(database: Database, reports: AccountReports, acme: Tenant) -> None:
    """An account without any row is neither reported nor remembered."""
    Profiles(database).put(acme, CHARLIE, Profile(time_zone=None, locale=None, used_at=START))
    reports.gather(acme, START)
    assert reports.known(acme) == [CHARLIE]
    reports.settle(acme, ReportSettlement(at=START, accounts=(CHARLIE,), updated=(CHARLIE,)))
    reports.gather(acme, START)
    assert CHARLIE not in everything(database)
