"""Usage counts: opt-in by site admins, shown as stored, erased when switched off."""

from __future__ import annotations

from typing import cast

import pytest

from lockpoint.services.errors import NotAllowed, StorageUnavailable
from lockpoint.services.ports.tenancy import UsageEvent
from lockpoint.services.tenancy import site_settings
from lockpoint.services.tenancy.site_settings import SiteOverview
from tests.fakes.tenancy import FakeUsageCounts
from tests.fakes.world import ACME, ALICE, BOB, DANA, SAM, START
from tests.services.stage import Stage, refusal_of


def usage(stage: Stage) -> FakeUsageCounts:
    return cast("FakeUsageCounts", stage.world.services.usage)


def switch(stage: Stage, *, on: bool | None) -> SiteOverview:
    services, sam = stage.world.services, stage.world.actor(SAM)
    revision = site_settings.overview(services, sam).settings.revision
    changes = {} if on is None else {"usage_counts": on}
    return site_settings.change(services, sam, revision=revision, changes=changes)


def overview(stage: Stage) -> SiteOverview:
    return site_settings.overview(stage.world.services, stage.world.actor(SAM))


def test_off_by_default(stage: Stage) -> None:
    stage.lock()
    assert overview(stage).settings.usage_counts is False
    assert overview(stage).kept == ()
    assert usage(stage).counts == {}


def test_what_people_do_is_counted_once(stage: Stage) -> None:
    """A refusal does not count; re-acquiring extends."""
    switch(stage, on=True)
    key = stage.key("request-0000000001")
    lock_id = stage.lock(key=key).lock.lock_id or ""
    stage.lock(key=key)
    stage.lock()
    stage.extend(lock_id)
    stage.ask(BOB)
    refusal_of(stage.lock, BOB)
    stage.break_(lock_id, DANA)
    second = stage.lock().lock.lock_id or ""
    third = stage.take_over(second, DANA).lock.lock_id or ""
    for asker in (BOB, ALICE):
        stage.request(third, asker)
    stage.cancel_request(third, ALICE)
    stage.decline(third, BOB, DANA)
    stage.request(third, BOB)
    stage.hand_over(third, BOB, DANA)
    stage.release(stage.held.lock_id, BOB)
    kept = {row.event: row.count for row in overview(stage).kept}
    assert kept == {
        UsageEvent.LOCKED: 2,
        UsageEvent.EXTENDED: 2,
        UsageEvent.ASKED_TO_BE_TOLD: 1,
        UsageEvent.BROKEN: 1,
        UsageEvent.TAKEN_OVER: 1,
        UsageEvent.REQUESTED: 3,
        UsageEvent.DECLINED: 1,
        UsageEvent.HANDED_OVER: 1,
        UsageEvent.RELEASED: 1,
    }
    assert {row.day for row in overview(stage).kept} == {START.date()}


def test_only_what_is_kept_of_the_last_30_days_is_shown(stage: Stage) -> None:
    """GET /settings shows exactly what is stored."""
    switch(stage, on=True)
    stage.lock()
    stage.world.clock.advance(days=30)
    assert len(overview(stage).kept) == 1
    stage.world.clock.advance(days=1)
    assert overview(stage).kept == ()


def test_switching_off_erases(stage: Stage) -> None:
    """Counting stops too; omitting the field changes nothing."""
    switch(stage, on=True)
    lock_id = stage.lock().lock.lock_id or ""
    assert switch(stage, on=None).settings.usage_counts is True
    assert len(overview(stage).kept) == 1
    changed = switch(stage, on=False)
    assert changed.kept == ()
    stage.release(lock_id)
    assert usage(stage).counts == {}


def test_the_switch_follows_the_signed_setting(stage: Stage) -> None:
    """With a lost database nothing is counted until an admin reads; unsigned values switch nothing."""
    switch(stage, on=True)
    usage(stage).on.clear()
    stage.lock()
    assert usage(stage).counts == {}
    assert overview(stage).settings.usage_counts is True
    assert usage(stage).counting(ACME)
    stage.world.services.properties.write_app(ACME, site_settings.KEY, {"usage_counts": False}, priority=None)
    assert overview(stage).settings.usage_counts is True
    assert usage(stage).counting(ACME)


def test_only_site_admins_switch(stage: Stage) -> None:
    for who in (ALICE, DANA):
        with pytest.raises(NotAllowed):
            site_settings.change(
                stage.world.services,
                stage.world.actor(who),
                revision=0,
                changes={"copy_mode": False, "usage_counts": True},
            )
    assert not usage(stage).counting(ACME)


def test_a_database_that_is_away_costs_a_count_and_nothing_else(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StorageUnavailable("away")

    switch(stage, on=True)
    monkeypatch.setattr(usage(stage), "count", away)
    assert stage.lock().status == 201
