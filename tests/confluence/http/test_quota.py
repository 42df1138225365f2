from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lockpoint.confluence.http.calls import Objects, get
from lockpoint.confluence.http.quota import HostQuota, PointsQuota
from lockpoint.services.context import Priority
from lockpoint.services.errors import GoneOrInvisible, QuotaExceeded, ShareUsedUp
from lockpoint.services.quota_accounting import Lane, Spending, charge, lane_of, spending_on
from tests.confluence.doubles import ALICE, FakeNow, Kit, Spendings, as_app
from tests.confluence.oddhost import answer, odd_host

if TYPE_CHECKING:
    from collections.abc import Iterator


BOB = "557058:22222222-2222-4222-8222-222222222222"


def budget(now: FakeNow) -> PointsQuota:
    return PointsQuota(points_per_hour=1000, now=now)


def test_reads_cost_one_and_their_objects(kit: Kit) -> None:
    """A request costs 1, a core object 1 more, an identity object 2 more, by the published formula."""
    two = answer(200, {"results": [{}, {}]})
    with odd_host(two) as host:
        caller = as_app(host.base)
        kit.client.ask(caller, get("plain", "/a"))
        kit.client.ask(caller, get("file", "/b", objects=Objects.CORE))
        kit.client.ask(caller, get("files", "/c", objects=Objects.CORE, listing=True))
        kit.client.ask(caller, get("people", "/d", objects=Objects.IDENTITY, listing=True))
    assert sum(line.points for line in kit.spent) == 1 + 2 + 3 + 5


def test_failed_tries_cost_a_point_each(kit: Kit) -> None:
    with odd_host(answer(503), answer(404)) as host, pytest.raises(GoneOrInvisible):
        kit.client.ask(as_app(host.base), get("file", "/b", objects=Objects.CORE))
    assert sum(line.points for line in kit.spent) == 2


def test_points_are_kept_by_site_lane_and_use_case() -> None:
    spent: list[Spending] = []
    account = PointsQuota(points_per_hour=1000, now=FakeNow(), shared=Spendings(spent))
    account.spend(1, Priority.INTERACTIVE, "acquire", 6)
    account.spend(2, Priority.SWEEP, "sweep", 2)
    assert spent == [Spending(1, Priority.INTERACTIVE, "acquire", 6), Spending(2, Priority.SWEEP, "sweep", 2)]


def test_calls_are_counted_under_the_use_case_that_makes_them(kit: Kit) -> None:
    """The innermost use case is charged."""
    with odd_host(answer(200)) as host, spending_on("sweep"), spending_on("restore"):
        kit.client.ask(as_app(host.base, Priority.SWEEP), get("plain", "/a"))
    assert kit.spent == [Spending(1, Priority.SWEEP, "restore", 1)]


@pytest.mark.parametrize(
    ("spent", "open_lanes"),
    [
        (490, set(Lane)),
        (500, set(Lane) - {Lane.REPORTS}),
        (650, {Lane.SWEEP, Lane.PEOPLE, Lane.ENDINGS, Lane.ENFORCEMENT}),
        (750, {Lane.PEOPLE, Lane.ENDINGS, Lane.ENFORCEMENT}),
        (850, {Lane.ENDINGS, Lane.ENFORCEMENT}),
        (920, {Lane.ENFORCEMENT}),
        (1000, set()),
    ],
)
def test_lanes_stop_one_after_the_other(spent: int, open_lanes: set[Lane]) -> None:
    """F10, F1: the last to stop is the undoing of overwrites, before it the ending of locks."""
    account = budget(FakeNow())
    for tenant in range(10, 20):
        account.spend(tenant, Priority.INTERACTIVE, "x", (spent + 9) // 10)
    kinds = [
        (Priority.MAINTENANCE, "x"), (Priority.INTERACTIVE, "list"), (Priority.SWEEP, "sweep"),
        (Priority.INTERACTIVE, "acquire"), (Priority.INTERACTIVE, "release"), (Priority.EVENT, "reconcile"),
    ]  # fmt: skip
    assert {lane_of(*kind) for kind in kinds if _admits(account, *kind)} == open_lanes


def test_near_the_limit_the_sweep_stops_first() -> None:
    """F10."""
    account = budget(FakeNow())
    account.host_said(HostQuota(near_limit=True))
    assert {priority for priority in Priority if _admits(account, priority)} == {Priority.INTERACTIVE, Priority.EVENT}


def test_the_hosts_word_counts_more_than_our_own_count() -> None:
    """Only the host sees the points that other processes spend."""
    account = budget(FakeNow())
    account.host_said(HostQuota(limit=65_000, remaining=65_000 // 5))
    assert not _admits(account, Priority.SWEEP)
    account.host_said(HostQuota(limit=65_000, remaining=65_000 // 2))
    assert _admits(account, Priority.SWEEP)


def test_a_greedy_site_leaves_points_for_the_undoing_of_others() -> None:
    """F48, F1: whatever it does."""
    account = budget(FakeNow())
    for priority in (Priority.INTERACTIVE, Priority.SWEEP, Priority.EVENT):
        while _admits(account, priority, tenant=1):
            account.spend(1, priority, "x", 1)
    assert _admits(account, Priority.INTERACTIVE, tenant=2)
    assert _admits(account, Priority.EVENT, tenant=2)
    for tenant in range(3, 9):
        while _admits(account, Priority.INTERACTIVE, tenant=tenant):
            account.spend(tenant, Priority.INTERACTIVE, "x", 1)
    assert not _admits(account, Priority.INTERACTIVE, tenant=2)
    assert _admits(account, Priority.EVENT, tenant=2)


@pytest.fixture
def as_a_person() -> Iterator[None]:
    yield
    charge(None)


@pytest.mark.usefixtures("as_a_person")
def test_a_person_who_asks_without_end_waits_for_ten_minutes_at_most() -> None:
    """F1: alone, with the time; a request that has begun is finished."""
    now = FakeNow()
    account = budget(now)
    charge(ALICE)
    account.admit(1, Priority.INTERACTIVE)
    account.spend(1, Priority.INTERACTIVE, "list", 20)
    account.admit(1, Priority.INTERACTIVE)
    charge(ALICE)
    with pytest.raises(ShareUsedUp) as caught:
        account.admit(1, Priority.INTERACTIVE)
    assert caught.value.retry_after == 5 * 60
    assert _admits(account, Priority.EVENT, tenant=1)
    assert _admits(account, Priority.INTERACTIVE, tenant=2)
    charge(BOB)
    assert _admits(account, Priority.INTERACTIVE, tenant=1)
    charge(ALICE)
    now.advance(minutes=5)
    account.admit(1, Priority.INTERACTIVE)


@pytest.mark.usefixtures("as_a_person")
def test_a_page_has_a_ceiling_however_many_people_open_it() -> None:
    """A1."""
    account = budget(FakeNow())
    for number in range(3):
        charge(f"557058:person-{number}")
        with spending_on("list", page="1"):
            account.spend(1, Priority.INTERACTIVE, "list", 19)
    charge(BOB)
    with spending_on("list", page="1"), pytest.raises(ShareUsedUp):
        account.admit(1, Priority.INTERACTIVE)
    with spending_on("list", page="2"):
        account.admit(1, Priority.INTERACTIVE)


def test_the_account_starts_again_at_the_full_hour() -> None:
    """The pool refills at the full UTC hour; waiting times end there."""
    now = FakeNow()
    account = budget(now)
    account.spend(1, Priority.INTERACTIVE, "x", 1000)
    with pytest.raises(QuotaExceeded) as caught:
        account.admit(1, Priority.INTERACTIVE)
    assert caught.value.retry_after == 45 * 60
    now.advance(minutes=45)
    account.admit(1, Priority.MAINTENANCE)


def test_a_block_of_one_site_leaves_the_others_alone_and_outlives_the_hour() -> None:
    """F48: a tenant-based 429."""
    now = FakeNow()
    account = budget(now)
    account.block(3000, tenant_id=1)
    now.advance(minutes=46)
    assert not _admits(account, Priority.INTERACTIVE, tenant=1)
    assert _admits(account, Priority.INTERACTIVE, tenant=2)
    now.advance(minutes=5)
    assert _admits(account, Priority.INTERACTIVE, tenant=1)


def test_the_points_of_a_forgotten_site_stay_spent() -> None:
    """Their owner is forgotten; the hour's rest is unchanged, and the site is not blocked."""
    account = budget(FakeNow())
    account.spend(1, Priority.INTERACTIVE, "x", 600)
    account.spend(2, Priority.SWEEP, "y", 100)
    account.block(3000, tenant_id=1)
    account.forget(1)
    assert not any(counter.tenant_id == 1 for counter in account._spent)
    assert _admits(account, Priority.SWEEP, tenant=1)
    assert not _admits(account, Priority.MAINTENANCE, tenant=1)


def test_an_absurd_wait_is_an_hour_at_most() -> None:
    account = budget(FakeNow())
    account.block(1e9, tenant_id=None)
    with pytest.raises(QuotaExceeded) as caught:
        account.admit(1, Priority.INTERACTIVE)
    assert caught.value.retry_after == 3600


def test_headers_of_the_host_reach_the_account(kit: Kit) -> None:
    """Limit, remaining, near-limit and reset time; reported-only headers are ignored."""
    headers = {
        "X_RateLimit_Limit": "1000",
        "X_RateLimit_Remaining": "190",
        "X_RateLimit_NearLimit": "true",
        "X_RateLimit_Reset": "2026-11-21T10:50:00Z",
    }
    with odd_host(answer(200, {}, **headers), answer(200, {}, Beta_RateLimit_Remaining="0")) as host:
        kit.client.ask(as_app(host.base), get("plain", "/a"))
        kit.client.ask(as_app(host.base), get("plain", "/a"))
        with pytest.raises(QuotaExceeded) as caught:
            kit.client.ask(as_app(host.base, Priority.SWEEP), get("plain", "/a"))
    assert caught.value.retry_after == 35 * 60
    assert len(host.requests) == 2


def test_a_call_that_the_budget_refuses_is_not_made(kit: Kit) -> None:
    kit.budget.spend(1, Priority.INTERACTIVE, "x", 65_000)
    with odd_host(answer(200)) as host, pytest.raises(QuotaExceeded) as caught:
        kit.client.ask(as_app(host.base), get("plain", "/a"))
    assert (host.requests, caught.value.retry_after) == ([], 45 * 60)


def _admits(account: PointsQuota, priority: Priority, use_case: str = "x", *, tenant: int = 99) -> bool:
    try:
        with spending_on(use_case):
            account.admit(tenant, priority)
    except QuotaExceeded:
        return False
    return True
