from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lockpoint.confluence.http.calls import Objects, get
from lockpoint.confluence.http.quota import NOBODY, HostQuota, PointsQuota
from lockpoint.services.context import Priority
from lockpoint.services.errors import GoneOrInvisible, QuotaExceeded
from lockpoint.services.quota_accounting import Spending, spending_on
from tests.confluence.doubles import FakeNow, Kit, as_app
from tests.confluence.oddhost import answer, odd_host


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
    spent: list[tuple[datetime, Spending]] = []
    account = PointsQuota(points_per_hour=1000, now=FakeNow(), archive=lambda *one: spent.append(one))
    account.spend(1, Priority.INTERACTIVE, "acquire", 6)
    account.spend(2, Priority.SWEEP, "sweep", 2)
    hour = datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert spent == [
        (hour, Spending(1, Priority.INTERACTIVE, "acquire", 6)),
        (hour, Spending(2, Priority.SWEEP, "sweep", 2)),
    ]


def test_calls_are_counted_under_the_use_case_that_makes_them(kit: Kit) -> None:
    """The innermost use case is charged."""
    with odd_host(answer(200)) as host, spending_on("sweep"), spending_on("restore"):
        kit.client.ask(as_app(host.base, Priority.SWEEP), get("plain", "/a"))
    assert kit.spent == [Spending(1, Priority.SWEEP, "restore", 1)]


@pytest.mark.parametrize(
    ("spent", "open_priorities"),
    [
        (590, {Priority.INTERACTIVE, Priority.EVENT, Priority.SWEEP, Priority.MAINTENANCE}),
        (600, {Priority.INTERACTIVE, Priority.EVENT, Priority.SWEEP}),
        (750, {Priority.INTERACTIVE, Priority.EVENT}),
        (950, {Priority.INTERACTIVE}),
        (1000, set()),
    ],
)
def test_priorities_stop_one_after_the_other(spent: int, open_priorities: set[Priority]) -> None:
    """F10."""
    account = budget(FakeNow())
    for tenant in range(10, 20):
        account.spend(tenant, Priority.INTERACTIVE, "x", spent // 10)
    assert {priority for priority in Priority if _admits(account, priority)} == open_priorities


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


def test_a_greedy_site_yields_first() -> None:
    """F48: a site that used more than half of the pool drops by one priority."""
    account = budget(FakeNow())
    account.spend(1, Priority.INTERACTIVE, "x", 620)
    assert not _admits(account, Priority.SWEEP, tenant=1)
    assert _admits(account, Priority.SWEEP, tenant=2)


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
    assert account._current().by_tenant == {NOBODY: 600, 2: 100}
    assert _admits(account, Priority.SWEEP, tenant=1)


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


def _admits(account: PointsQuota, priority: Priority, tenant: int = 99) -> bool:
    try:
        account.admit(tenant, priority)
    except QuotaExceeded:
        return False
    return True
