"""Acquiring a lock: who gets one, where, for how long, and what it costs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.lock import Absent, Held
from lockpoint.services.context import Priority
from lockpoint.services.errors import (
    AlreadyLockedError,
    AppBlocked,
    Busy,
    Forbidden,
    Invalid,
    LockLostError,
    NotAllowed,
    NotFound,
    TooMany,
)
from lockpoint.services.locks.acquire import acquire
from lockpoint.services.locks.action import LockOptions
from lockpoint.services.locks.lock_view import ViewState
from lockpoint.services.locks.release import release
from lockpoint.services.ports.confluence import ContainerKind
from lockpoint.services.tenancy.settings_in_force import in_force
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, GINA, GLOBEX, START
from tests.services.stage import Stage, make_stage, one_row_for_each_record, refusal_of


def test_an_editor_locks_a_file(stage: Stage) -> None:
    """P-01, L-30."""
    answer = stage.lock(note="until Friday")
    assert answer.status == 201
    assert answer.warning is None
    assert (answer.lock.state, answer.lock.note) == (ViewState.MINE, "until Friday")
    assert answer.lock.seconds_left == 48 * 3600
    assert stage.held.holder == ALICE
    assert stage.held.base.created == stage.file.versions[0].created
    assert stage.audit() == [AuditKind.ACQUIRED]
    assert one_row_for_each_record(stage)


def test_it_costs_five_points_on_a_page_that_somebody_has_seen(stage: Stage) -> None:
    """Published cost, with settings that are known: one read, one write, one look back at rows and version."""
    in_force(stage.world.services, ACME, stage.world.site().space_id, priority=Priority.EVENT)
    stage.show(BOB)
    stage.taps.clear()
    stage.lock()
    assert stage.taps.host_calls() == ["attachments.get", "lock_properties.create", "attachments.get"]
    assert stage.taps.points() == 5


def test_it_costs_seven_points_on_a_page_that_nobody_has_seen(stage: Stage) -> None:
    """The page is read for its space."""
    in_force(stage.world.services, ACME, stage.world.site().space_id, priority=Priority.EVENT)
    stage.taps.clear()
    stage.lock()
    assert stage.taps.points() == 7


def test_taking_it_again_costs_five_points(stage: Stage) -> None:
    """L-04: over the tombstone."""
    lock = stage.lock()
    stage.release(lock.lock.lock_id or "")
    stage.run_jobs()
    stage.taps.clear()
    stage.lock()
    assert stage.taps.host_calls() == ["attachments.get", "lock_properties.replace", "attachments.get"]
    assert stage.taps.points() == 5


def test_the_loser_sees_the_winner(stage: Stage) -> None:
    """L-10."""
    stage.lock(note="mine")
    refusal = refusal_of(stage.lock, BOB)
    assert isinstance(refusal, AlreadyLockedError)
    lock = refusal.details["lock"]
    assert (lock.holder.account_id, lock.holder.display_name, lock.note) == (ALICE, "Alice", "mine")
    assert (lock.since, lock.expires_at) == (START, START + timedelta(hours=48))
    assert (lock.can.notify_me, lock.can.break_) == (True, False)


def test_a_manager_who_loses_sees_that_they_may_break(stage: Stage) -> None:
    """L-20: each refusal lists the caller's actions."""
    stage.lock()
    lock = refusal_of(stage.lock, DANA).details["lock"]
    assert lock.can.break_
    assert lock.can.take_over


def test_two_at_once_have_one_winner(stage: Stage) -> None:
    """L-10: the write decides."""
    refusals: list[object] = []
    stage.taps.before["lock_properties.create", 1] = lambda: refusals.append(refusal_of(stage.lock, BOB))
    assert stage.lock(ALICE).status == 201
    assert [type(refusal) for refusal in refusals] == [Busy]
    assert stage.held.holder == ALICE
    assert isinstance(refusal_of(stage.lock, BOB), AlreadyLockedError)


def test_two_at_once_over_a_tombstone_have_one_winner(stage: Stage) -> None:
    """L-10: the conditional write decides; the loser learns the winner."""
    stage.release(stage.lock().lock.lock_id or "")
    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = lambda: stage.lock(BOB)
    refusal = refusal_of(stage.lock, ALICE)
    assert isinstance(refusal, AlreadyLockedError)
    assert refusal.details["lock"].holder.account_id == BOB
    assert one_row_for_each_record(stage)


def test_the_same_person_in_two_tabs_has_one_lock(stage: Stage) -> None:
    """E39: proven by a write."""
    first = stage.lock()
    stage.world.clock.advance(hours=1)
    second = stage.lock()
    assert (second.status, second.lock.lock_id) == (200, first.lock.lock_id)
    assert stage.held.seq == 2
    assert stage.held.expires_at == START + timedelta(hours=49)


@pytest.mark.parametrize("who", [CHARLIE, GINA])
def test_who_may_only_view_or_not_even_that_gets_no_lock(stage: Stage, who: str) -> None:
    """L-15: for strangers the file is not found."""
    stage.world.site().pages[stage.file.container.id].restricted_to = {ALICE, CHARLIE, stage.world.site().app_account}
    refusal = refusal_of(stage.lock, who)
    assert isinstance(refusal, NotAllowed if who == CHARLIE else NotFound)
    assert isinstance(stage.found, Absent)


def test_the_permission_is_asked_for_now_and_as_that_person(stage: Stage) -> None:
    """L-15."""
    stage.world.site().viewers.add(BOB)
    assert isinstance(refusal_of(stage.lock, BOB), NotAllowed)
    stage.world.site().viewers.remove(BOB)
    assert stage.lock(BOB).status == 201


def test_a_file_of_another_site_is_not_there(stage: Stage) -> None:
    """L-02: every look-up carries the tenant."""
    other = next(iter(stage.world.site(GLOBEX).files.values()))
    stage.world.site().files.pop(other.id, None)
    other.id = "999999"
    assert isinstance(refusal_of(stage.lock, BOB, file=other), NotFound)


def test_two_sites_may_give_two_files_the_same_id() -> None:
    """L-02: each has its own lock, and another site's lock id ends nothing."""
    stage = make_stage()
    twin = next(iter(stage.world.site(GLOBEX).files.values()))
    stage.world.site(GLOBEX).files = {stage.file.id: twin}
    twin.id = stage.file.id
    lock_id = stage.lock().lock.lock_id or ""
    services, gina = stage.world.services, stage.world.actor(GINA, GLOBEX)
    theirs = acquire(services, gina, twin.id, stage.key(), LockOptions()).lock.lock_id
    assert theirs not in {None, lock_id}
    assert isinstance(refusal_of(release, services, gina, twin.id, stage.key(), lock_id), LockLostError)
    assert release(services, gina, twin.id, stage.key(), theirs or "").status == 200
    assert stage.held.lock_id == lock_id
    assert stage.audit() == [AuditKind.ACQUIRED]
    assert {tenant for tenant, _ in stage.world.tables.witnesses} == {ACME.id, GLOBEX.id}


def test_no_lock_that_could_not_protect(stage: Stage) -> None:
    """L-15: every lock can protect; the refusal names the remedy."""
    stage.world.site().pages[stage.file.container.id].restricted_to = {ALICE}
    refusal = refusal_of(stage.lock)
    assert isinstance(refusal, AppBlocked)
    assert refusal.details == {"remedy": "give_access", "pageId": stage.file.container.id}
    assert isinstance(stage.found, Absent)


def test_no_lock_where_the_app_may_only_view(stage: Stage) -> None:
    """L-15: the app user cannot edit."""
    stage.world.site().viewers.add(stage.world.site().app_account)
    assert isinstance(refusal_of(stage.lock), AppBlocked)


def test_an_app_shut_out_in_the_middle_of_the_call_is_app_blocked(stage: Stage) -> None:
    """F08, F52."""

    def shut_out() -> None:
        raise Forbidden("no")

    stage.taps.before["lock_properties.create", 0] = shut_out
    assert isinstance(refusal_of(stage.lock), AppBlocked)


@pytest.mark.parametrize("status", [FileStatus.TRASHED, FileStatus.ARCHIVED, FileStatus.DRAFT])
def test_only_current_files_are_locked(stage: Stage, status: FileStatus) -> None:
    stage.file.status = status
    assert isinstance(refusal_of(stage.lock), Invalid)


@pytest.mark.parametrize("status", [FileStatus.TRASHED, FileStatus.ARCHIVED, FileStatus.DRAFT])
def test_only_files_of_current_pages_are_locked(stage: Stage, status: FileStatus) -> None:
    """E45: drafts are refused, whatever Confluence permits."""
    stage.world.site().pages[stage.file.container.id].status = status
    assert isinstance(refusal_of(stage.lock), Invalid)


@pytest.mark.parametrize("kind", [ContainerKind.BLOGPOST, ContainerKind.CUSTOM])
def test_files_of_blog_posts_and_custom_content_are_locked_alike(stage: Stage, kind: ContainerKind) -> None:
    """E45."""
    page = stage.world.site().add_page(kind=kind)
    file = stage.world.site().add_file(page, ALICE)
    assert stage.lock(file=file).status == 201
    stage.world.site().upload(file.id, BOB, b"Bob's")
    stage.sweep()
    assert file.content == b"first"


@pytest.mark.parametrize("title", ["Übersicht 😀.xlsx", "a#b?c%20.txt", "x" * 255])
def test_odd_names_and_empty_files_are_locked_alike(stage: Stage, title: str) -> None:
    """E44."""
    file = stage.world.site().add_file(stage.world.pages[ACME.id], ALICE, b"", title)
    assert stage.lock(file=file).status == 201
    stage.world.site().upload(file.id, BOB, b"Bob's")
    stage.sweep()
    assert file.content == b""


def test_the_caps() -> None:
    """L-17: extending one's own lock is exempt."""
    small = make_stage()
    object.__setattr__(small.world.services, "locks_per_person", 1)
    object.__setattr__(small.world.services, "locks_per_site", 2)
    second, third = small.world.add_file(), small.world.add_file()
    small.lock()
    assert isinstance(refusal_of(small.lock, file=second), TooMany)
    assert small.lock().status == 200
    small.lock(BOB, file=second)
    assert isinstance(refusal_of(small.lock, DANA, file=third), TooMany)


def test_locks_that_are_over_do_not_count_for_the_caps() -> None:
    """L-17 is about live locks: in a space that is off nobody sweeps those that have run out."""
    small = make_stage(locks_per_person=1, locks_per_site=1)
    second, third = small.world.add_file(), small.world.add_file()
    small.lock(life=timedelta(hours=1))
    small.world.clock.advance(hours=1, seconds=29)
    assert isinstance(refusal_of(small.lock, file=second), TooMany)
    small.world.clock.advance(seconds=2)
    assert small.lock(file=second).status == 201
    assert isinstance(refusal_of(small.lock, BOB, file=third), TooMany)


def test_a_wish_beyond_the_longest_life(stage: Stage) -> None:
    """P-14: 30 days by default."""
    refusal = refusal_of(stage.lock, life=timedelta(days=31))
    assert isinstance(refusal, Invalid)
    assert refusal.details["longestHours"] == 720
    assert stage.lock(life=timedelta(days=30)).lock.seconds_left == 30 * 86_400


def test_held_and_known(stage: Stage) -> None:
    """§2.1: the witness has no texts by people."""
    stage.lock(note="a secret")
    witness = stage.world.tables.witnesses[ACME.id, stage.file.id]
    assert isinstance(witness.record, Held)
    assert witness.record.note is None
    assert witness.space_id == "65538"
