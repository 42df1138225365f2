"""What an operator is told about the points of a site."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lockpoint.confluence.http.quota import PointsQuota
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import QuotaExceeded
from lockpoint.services.listing.site_quota import SiteQuota, advice, by_site, site_quota, use_cases
from lockpoint.services.quota_accounting import (
    HOUR,
    Lane,
    SharedState,
    Spending,
    hour_counters,
    lane_of,
    spending_on,
)
from tests.fakes.redis import FakeSharedPoints
from tests.fakes.world import ACME, GLOBEX, START
from tests.services.stage import Stage

POOL = 1000
KINDS = {
    Lane.REPORTS: (Priority.MAINTENANCE, "report_accounts"),
    Lane.LOOKS: (Priority.INTERACTIVE, "list"),
    Lane.SWEEP: (Priority.SWEEP, "sweep"),
    Lane.PEOPLE: (Priority.INTERACTIVE, "acquire"),
    Lane.ENDINGS: (Priority.INTERACTIVE, "release"),
    Lane.ENFORCEMENT: (Priority.EVENT, "reconcile"),
}


@pytest.fixture
def points(stage: Stage) -> FakeSharedPoints:
    """An account of a thousand points that only this test fills; it has begun."""
    points = FakeSharedPoints()
    stage.world.services = replace(stage.world.services, shared_points=points, points_per_hour=POOL)
    spend(points, ACME, Lane.PEOPLE, 0)
    return points


def spend(points: FakeSharedPoints, tenant: Tenant, lane: Lane, amount: int) -> None:
    priority, use_case = KINDS[lane]
    points.add(hour_counters(tenant.id, START), START, Spending(tenant.id, priority, use_case, amount))


def asked(stage: Stage) -> SiteQuota:
    return site_quota(stage.world.services, ACME)


def open_lanes(found: SiteQuota) -> set[Lane]:
    return {lane.lane for lane in found.lanes if lane.left}


def admitted(points: FakeSharedPoints, lane: Lane) -> bool:
    priority, use_case = KINDS[lane]
    quota = PointsQuota(points_per_hour=POOL, now=lambda: START, shared=points)
    try:
        with spending_on(use_case):
            quota.admit(ACME.id, priority)
    except QuotaExceeded:
        return False
    return True


@pytest.mark.parametrize("here", [0, 299, 300, 389, 390, 449, 450, 509, 510, 551, 552, 599, 600])
@pytest.mark.parametrize("elsewhere", [0, 200, 349, 350, 448, 460, 570])
def test_it_says_what_calls_are_admitted(stage: Stage, points: FakeSharedPoints, here: int, elsewhere: int) -> None:
    """A lane has points left where, and only where, a call in it would be made."""
    spend(points, ACME, Lane.ENFORCEMENT, here)
    spend(points, GLOBEX, Lane.ENFORCEMENT, elsewhere)
    assert open_lanes(asked(stage)) == {lane for lane in Lane if admitted(points, lane)}


def test_points_stand_under_their_lane_and_use_case(stage: Stage, points: FakeSharedPoints) -> None:
    """The other site's count for the whole, and are not shown as this site's."""
    for tenant, lane, amount in ((ACME, Lane.LOOKS, 70), (ACME, Lane.ENDINGS, 9), (GLOBEX, Lane.LOOKS, 100)):
        spend(points, tenant, lane, amount)
    found = asked(stage)
    assert found.spent is not None
    assert (found.spent.everywhere, found.spent.here) == (179, 79)
    lanes = {lane.lane: (lane.spent, lane.spent_here) for lane in found.lanes}
    assert lanes == dict.fromkeys(Lane, (0, 0)) | {Lane.LOOKS: (170, 70), Lane.ENDINGS: (9, 9)}
    assert [(line.use_case, line.points) for line in use_cases(found)][:2] == [("list", 70), ("release", 9)]
    assert list(by_site(found).items()) == [(GLOBEX.id, 100), (ACME.id, 79)]


@pytest.mark.usefixtures("points")
def test_reserves_are_what_earlier_lanes_cannot_touch(stage: Stage) -> None:
    lanes = {lane.lane: lane for lane in asked(stage).lanes}
    reserved = [lane.reserved for lane in lanes.values()]
    assert reserved == [0, 150, 100, 100, 70, 80]
    assert (lanes[Lane.PEOPLE].stops_at, lanes[Lane.PEOPLE].stops_at_here) == (850, 510)


def test_every_kind_stands_for_its_lane() -> None:
    assert {lane: lane_of(*kind) for lane, kind in KINDS.items()} == {lane: lane for lane in Lane}


def test_a_site_that_spent_its_share_is_told_apart_from_a_full_pool(stage: Stage, points: FakeSharedPoints) -> None:
    """Whose doing it was, and what goes on."""
    spend(points, ACME, Lane.LOOKS, 400)
    own = advice(asked(stage))
    assert "Until 10:00 UTC only sweep, people, endings, enforcement go on here: this site has spent its own" in own
    assert "most of it on list" in own
    points.spent.clear()
    points.lines.clear()
    spend(points, ACME, Lane.PEOPLE, 10)
    spend(points, GLOBEX, Lane.LOOKS, 900)
    assert "only endings, enforcement go on here: all sites together" in advice(asked(stage))
    spend(points, GLOBEX, Lane.LOOKS, 90)
    assert "nothing goes on here, undoing included" in advice(asked(stage))


@pytest.mark.usefixtures("points")
def test_where_nothing_stops_the_share_of_ten_minutes_is_named(stage: Stage) -> None:
    assert open_lanes(asked(stage)) == set(Lane)
    assert "one person or one page" in advice(asked(stage))


@pytest.mark.parametrize(
    ("whom", "words"), [(ACME.id, "calls this site until 09:20:00"), (None, "calls any site until 09:20:00")]
)
def test_a_refusal_of_confluence_comes_first(
    stage: Stage, points: FakeSharedPoints, whom: int | None, words: str
) -> None:
    """With its end, and whether it is of this site or of all; when over it is gone."""
    spend(points, ACME, Lane.LOOKS, 1000)
    points.block(whom, START + timedelta(minutes=20))
    found = asked(stage)
    assert found.refusal is not None
    assert found.refusal.all_sites is (whom is None)
    assert words in advice(found)
    stage.world.clock.advance(minutes=20)
    assert asked(stage).refusal is None


def test_another_sites_refusal_is_not_this_ones(stage: Stage, points: FakeSharedPoints) -> None:
    points.block(GLOBEX.id, START + timedelta(minutes=20))
    assert asked(stage).refusal is None


def test_without_redis_nothing_is_made_up(stage: Stage, points: FakeSharedPoints) -> None:
    """What is spent is unknown, not zero; what holds then is said."""
    spend(points, ACME, Lane.LOOKS, 100)
    points.answers = False
    found = asked(stage)
    assert found.spent is None
    assert {(lane.spent, lane.spent_here, lane.left) for lane in found.lanes} == {(None, None, None)}
    assert found.lanes[-1].stops_at == POOL
    assert advice(found).startswith("Redis does not answer: each process counts for itself")


def test_half_an_answer_of_redis_is_none(
    stage: Stage, points: FakeSharedPoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may go away between two questions: no points without their lines, no lines without their sum."""
    with monkeypatch.context() as patch:
        patch.setattr(points, "report", lambda _hour: None)
        assert asked(stage).spent is None
    monkeypatch.setattr(points, "read", lambda _counters, _tenant: SharedState())
    assert asked(stage).spent is None


def test_a_new_hour_is_a_new_account(stage: Stage, points: FakeSharedPoints) -> None:
    spend(points, ACME, Lane.LOOKS, 600)
    stage.world.clock.advance(minutes=60)
    points.add(hour_counters(ACME.id, START + HOUR), START + HOUR, Spending(ACME.id, Priority.EVENT, "reconcile", 1))
    found = asked(stage)
    assert (found.since, found.until) == (START + HOUR, START + 2 * HOUR)
    assert open_lanes(found) == set(Lane)
