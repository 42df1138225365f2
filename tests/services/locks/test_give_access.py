"""Giving the app access to a restricted page, as a person who may edit it."""

from __future__ import annotations

import pytest

from lockpoint.domain.settings import SpaceSettings
from lockpoint.services.errors import AppBlocked, Inactive, NotAllowed, NotFound, Unauthorised
from lockpoint.services.locks.give_access import give_access
from lockpoint.services.ports.confluence import ContainerKind
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.tenancy import space_settings
from tests.fakes.world import ALICE, BOB, CHARLIE, DANA
from tests.services.stage import Stage, refusal_of, untouched


@pytest.fixture
def shut(stage: Stage) -> Stage:
    """Alice's lock is on a page that is now hers and Charlie's; Charlie may only look."""
    stage.lock()
    stage.world.site().pages[stage.file.container.id].restricted_to = {ALICE, CHARLIE}
    stage.sweep()
    stage.world.tables.jobs.clear()
    return stage


def _give(stage: Stage, who: str = ALICE, page: str | None = None) -> int:
    return give_access(stage.world.services, stage.world.actor(who), page or stage.file.container.id)


def test_one_call_adds_the_app_and_wakes_the_locks(shut: Stage) -> None:
    """P-17: the page's locks are looked at at once, and protected by the app from then on."""
    assert _give(shut) == 1
    site = shut.world.site()
    assert site.pages[shut.file.container.id].restricted_to == {ALICE, CHARLIE, site.app_account}
    assert [job.subject for job in shut.jobs(JobKind.RECONCILE)] == [shut.file.id]
    shut.run_jobs()
    assert shut.show().protection == "protected"
    assert shut.show().can.extend
    shut.upload(BOB, b"Bob's")
    shut.reconcile()
    assert shut.file.versions[-1].author == site.app_account
    assert untouched(shut)


def test_nothing_is_given_where_lockpoint_is_off(shut: Stage) -> None:
    """P-15, I23: the flag says so, and the restrictions stay."""
    dana, space = shut.world.actor(DANA), shut.world.site().space_id
    space_settings.change(shut.world.services, dana, space, SpaceSettings(own={"active": False}))
    assert not shut.show().can.give_access
    assert isinstance(refusal_of(_give, shut), Inactive)
    assert shut.world.site().pages[shut.file.container.id].restricted_to == {ALICE, CHARLIE}


def test_nobody_gives_what_they_do_not_have(shut: Stage) -> None:
    """The right to edit counts, here and now; who does not see the page learns nothing of it."""
    assert isinstance(refusal_of(_give, shut, CHARLIE), NotAllowed)
    assert isinstance(refusal_of(_give, shut, DANA), NotFound)
    assert isinstance(refusal_of(_give, shut, ALICE, "999999"), NotFound)
    assert shut.world.site().app_account not in (shut.world.site().pages[shut.file.container.id].restricted_to or ())


def test_an_open_page_stays_open(stage: Stage) -> None:
    """Adding somebody to a restriction that is not there would shut everybody else out."""
    stage.lock()
    assert _give(stage) == 1
    assert stage.world.site().pages[stage.file.container.id].restricted_to is None
    assert "people.admit" not in stage.taps.order


def test_where_confluence_refuses_the_way_by_hand_is_told(shut: Stage) -> None:
    """Not everybody who may edit may change restrictions."""
    shut.world.site().restrictions_refused = True
    refusal = refusal_of(_give, shut)
    assert isinstance(refusal, AppBlocked)
    assert refusal.details == {"remedy": "by_hand"}


def test_where_something_else_keeps_the_app_out_it_is_said(shut: Stage) -> None:
    """F52: an app-access rule is not lifted by a restriction of the page."""
    shut.world.site().viewers.add(shut.world.site().app_account)
    assert "app access rules" in refusal_of(_give, shut).message


def test_where_nobody_can_be_acted_for_the_way_by_hand_is_told(shut: Stage) -> None:
    """Without an OAuth client id or the scope."""

    def refused() -> None:
        raise Unauthorised("no token")

    shut.taps.before["people.container", 0] = refused
    refusal = refusal_of(_give, shut)
    assert (refusal.code, refusal.details) == ("forbidden", {"remedy": "by_hand"})
    assert "add the Lockpoint app" in refusal.message


def test_who_may_not_edit_is_told_to_ask_one_who_may(shut: Stage) -> None:
    """P-17: the remedy is for this person, and names the page."""
    shut.world.site().pages[shut.file.container.id].restricted_to = {ALICE, BOB, CHARLIE}
    page = shut.file.container.id
    refusals = {who: refusal_of(shut.ask, who) for who in (BOB, CHARLIE)}
    assert {type(refusal) for refusal in refusals.values()} == {AppBlocked}
    assert refusals[BOB].details == {"remedy": "give_access", "pageId": page}
    assert refusals[CHARLIE].details == {"remedy": "ask_editor", "pageId": page}


def test_only_what_is_locked_is_looked_at(shut: Stage) -> None:
    """A file whose lock is over needs nothing."""
    shut.world.site().pages[shut.file.container.id].restricted_to = None
    other = shut.world.add_file(title="other.txt")
    lock_id = shut.lock(file=other).lock.lock_id or ""
    locked, shut.file = shut.file, other
    shut.release(lock_id)
    shut.world.tables.jobs.clear()
    shut.file = locked
    shut.world.site().pages[locked.container.id].restricted_to = {ALICE}
    assert _give(shut) == 1
    assert [job.subject for job in shut.jobs(JobKind.RECONCILE)] == [locked.id]


def test_access_to_a_blog_post_is_given_alike(stage: Stage) -> None:
    """Frames have one kind of id for both."""
    site = stage.world.site()
    post = site.add_page(kind=ContainerKind.BLOGPOST)
    stage.file = site.add_file(post, ALICE)
    stage.lock()
    post.restricted_to = {ALICE}
    assert _give(stage) == 1
    assert post.restricted_to == {ALICE, site.app_account}
