"""Atlassian's reports of closed and changed accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lockpoint.domain.signed_json import MacKeys
from lockpoint.services.errors import Forbidden, HostUnavailable, QuotaExceeded
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.privacy.report_accounts import digests, report
from lockpoint.services.reconciliation.reconcile import reconcile
from lockpoint.storage.tables import ACCOUNT_REPORT
from tests.fakes.confluence.site import StoredFile
from tests.fakes.world import ACME, ALICE, BOB, KEYS, SAM, make_world
from tests.services.privacy.stage import RightsStage

WEEK = timedelta(days=7)


def test_the_digest_of_a_closed_account_stays_the_same() -> None:
    """Under the newest key and older ones."""
    keys = MacKeys("k2", {"k1": KEYS.keys["k1"], "k2": b"new key of thirty-two bytes long"})
    assert digests(make_world(mac_keys=keys).services, ACME, ALICE) == (
        "k2:86a4a243d3709ac59a377cf2d1f7dc116aa19325248d1967aabf53d057f31d50",
        "k1:0540660f22dca4abb958973cf9b11f94cda2556e1652c2d29b8db3527fd54ac5",
    )


def _list_all(stage: RightsStage) -> None:
    stage.services.person_store.list_accounts(ACME, stage.world.clock.now())
    stage.world.clock.advance(days=7)


def test_reports_name_each_account_once_in_a_cycle(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """Except the app's, with their oldest date."""
    assert busy
    _list_all(stage)
    report(stage.services, ACME)
    assert sorted(stage.reports.accounts()) == sorted([ALICE, BOB, SAM])
    assert report(stage.services, ACME) == 0
    stage.world.clock.advance(days=7)
    report(stage.services, ACME)
    assert stage.reports.accounts().count(ALICE) == 2


def test_large_sites_are_reported_in_batches_of_ninety(stage: RightsStage) -> None:
    for number in range(100):
        stage.lock(stage.world.add_file(), _colleague(stage, number))
    _list_all(stage)
    report(stage.services, ACME)
    assert [len(batch) for _, batch in stage.reports.batches] == [90, len(stage.reports.accounts()) - 90]
    assert len(set(stage.reports.accounts())) == len(stage.reports.accounts()) >= 100


def _colleague(stage: RightsStage, number: int) -> str:
    account = f"712020:{number:08x}-0000-4000-8000-000000000000"
    site = stage.world.site()
    site.people[account] = type(site.people[BOB])(account, f"Person {number}", in_use=True)
    return account


def _close(stage: RightsStage) -> None:
    """Close Bob's account and report it."""
    stage.reports.closed = {BOB}
    stage.set_active(BOB, active=False)
    _list_all(stage)
    report(stage.services, ACME)
    stage.run_jobs(JobKind.ERASE)
    stage.world.clock.advance(hours=24)
    stage.run_jobs(JobKind.ERASE)
    assert BOB not in stage.stored()


def test_a_closed_account_is_erased_and_never_reported_again(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """F51, L-72: live locks end after the grace period; an id from old versions is not reported."""
    _close(stage)
    assert stage.holder(busy["held"]) is None
    stage.lock(busy["ended"], ALICE)
    stage.world.site().upload(busy["ended"].id, BOB, b"from an old client")
    reconcile(stage.services, ACME, busy["ended"].id)
    assert BOB in stage.stored()
    stage.world.clock.advance(days=8)
    report(stage.services, ACME)
    stage.run_jobs(JobKind.ERASE)
    assert stage.reports.accounts().count(BOB) == 1
    assert BOB not in stage.stored()


def test_an_open_erasure_is_not_restarted_by_the_next_report(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """It continues when due: otherwise each hourly report would read every locked file."""
    stage.reports.closed = {BOB}
    _list_all(stage)
    report(stage.services, ACME)
    stage.run_jobs(JobKind.ERASE)
    [waiting] = stage.waiting_jobs(JobKind.ERASE)
    [open_now] = stage.services.person_store.erasures()
    for _ in range(6):
        stage.world.clock.advance(hours=1)
        report(stage.services, ACME)
    assert [job.scheduled_at for job in stage.waiting_jobs(JobKind.ERASE)] == [waiting.scheduled_at]
    assert stage.services.person_store.erasures() == [open_now]
    assert stage.holder(busy["held"]) == BOB


@pytest.mark.parametrize("told", [True, False])
def test_an_account_that_is_in_use_again_is_closed_no_more(
    stage: RightsStage, busy: dict[str, StoredFile], told: bool
) -> None:
    """F51: its new lock stays, and it is reported.

    Until Confluence says it is active, the lock ends, but not before the grace period.
    """
    _close(stage)
    stage.reports.closed = set()
    stage.set_active(BOB, active=True)
    stage.lock(busy["held"], BOB, life=timedelta(days=10))
    if not told:
        setattr(stage.world.host.people, "describe", _refuse)  # noqa: B010 - a method
    report(stage.services, ACME)
    stage.run_jobs(JobKind.ERASE)
    assert stage.holder(busy["held"]) == BOB
    assert bool(stage.services.person_store.closed_accounts(ACME)) is not told
    stage.world.clock.advance(days=8)
    stage.run_jobs(JobKind.ERASE)
    report(stage.services, ACME)
    assert (stage.holder(busy["held"]) == BOB) is told
    assert (stage.reports.accounts().count(BOB) == 2) is told


def _refuse(*_: Any, **__: Any) -> Any:
    raise Forbidden("no")


@pytest.mark.parametrize("count", [1, 3])
def test_an_account_that_atlassian_refuses_stops_nobody_else(
    stage: RightsStage, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    """After a 400 the batch is halved until they are found; others are reported within the hour."""
    people = [_colleague(stage, number) for number in range(100)]
    for account in people:
        stage.lock(stage.world.add_file(), account)
    _list_all(stage)
    stage.reports.refused = set(people[:count])
    for _ in range(3):
        report(stage.services, ACME)
        stage.world.clock.advance(hours=1)
    assert sorted(stage.reports.accounts()) == sorted({*people[count:], ALICE})
    assert stage.reports.calls < 50
    told = [line for line in caplog.records if "refused" in line.message]
    assert sum(line.__dict__["count"] for line in told) == count
    assert not any(account in caplog.text for account in people)
    with stage.database.single() as connection:
        assert None not in set(connection.execute(select(ACCOUNT_REPORT.c.reported_at)).scalars())


def test_a_site_whose_every_report_is_refused_pauses(stage: RightsStage) -> None:
    """The accounts are not the cause: the next batch waits a day."""
    people = {_colleague(stage, number) for number in range(100)}
    for account in people:
        stage.lock(stage.world.add_file(), account)
    _list_all(stage)
    stage.reports.refused = people | {ALICE}
    report(stage.services, ACME)
    calls = stage.reports.calls
    assert calls < 180
    stage.world.clock.advance(hours=23)
    report(stage.services, ACME)
    assert stage.reports.calls == calls
    stage.reports.refused = set()
    stage.world.clock.advance(hours=1)
    report(stage.services, ACME)
    assert sorted(stage.reports.accounts()) == sorted({*people, ALICE})


def test_a_changed_account_loses_its_profile(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """It is fetched at the next use."""
    assert busy
    _list_all(stage)
    stage.reports.updated = {BOB}
    assert stage.services.profiles.get(ACME, BOB) is not None
    report(stage.services, ACME)
    assert stage.services.profiles.get(ACME, BOB) is None
    stage.lock(stage.world.add_file(), BOB)
    stage.run_jobs(JobKind.PROFILE)
    assert stage.services.profiles.get(ACME, BOB) is not None


def test_a_429_makes_the_site_wait(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """Retry-After holds across processes; the cycle loses nothing."""
    assert busy
    _list_all(stage)
    stage.reports.trouble = [QuotaExceeded("later", 3600)]
    assert report(stage.services, ACME) == 0
    stage.world.clock.advance(minutes=59)
    assert report(stage.services, ACME) == 0
    stage.world.clock.advance(minutes=1)
    assert report(stage.services, ACME) > 0
    assert sorted(stage.reports.accounts()) == sorted([ALICE, BOB, SAM])


def test_a_refused_report_is_tried_again_a_day_later(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """After a 403."""
    assert busy
    _list_all(stage)
    stage.reports.trouble = [Forbidden("no")]
    assert report(stage.services, ACME) == 0
    stage.world.clock.advance(hours=23)
    assert report(stage.services, ACME) == 0
    stage.world.clock.advance(hours=1)
    assert report(stage.services, ACME) > 0
    assert sorted(stage.reports.accounts()) == sorted([ALICE, BOB, SAM])


def test_a_cycle_goes_on_after_a_crash(stage: RightsStage) -> None:
    """Each answered batch is recorded; only the rest is reported."""
    for number in range(100):
        stage.lock(stage.world.add_file(), _colleague(stage, number))
    _list_all(stage)
    real = stage.reports.report
    calls = 0

    def dying(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise HostUnavailable("gone")
        return real(*args, **options)

    stage.reports.report = dying
    with pytest.raises(HostUnavailable):
        report(stage.services, ACME)
    report(stage.services, ACME)
    assert len(set(stage.reports.accounts())) == len(stage.reports.accounts()) >= 100
    with stage.database.single() as connection:
        assert None not in set(connection.execute(select(ACCOUNT_REPORT.c.reported_at)).scalars())
