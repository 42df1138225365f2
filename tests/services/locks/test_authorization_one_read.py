"""Locks that are written after one read of the file, as the person."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.lock import Held
from lockpoint.domain.settings import SpaceSettings
from lockpoint.services.context import Priority
from lockpoint.services.errors import AppBlocked, Invalid, LockLostError, NotAllowed, NotFound
from lockpoint.services.locks.lock_view import ViewState
from lockpoint.services.ports.locks import Protection
from lockpoint.services.tenancy import space_settings
from lockpoint.services.tenancy.settings_in_force import in_force
from tests.fakes.world import ACME, ALICE, BOB, DANA
from tests.services.stage import Stage, one_row_for_each_record, refusal_of


@pytest.fixture
def lock_id(stage: Stage) -> str:
    """Alice's lock, on a page that this process knows."""
    lock_id = stage.lock().lock.lock_id
    assert lock_id
    stage.taps.clear()
    return lock_id


def test_extending_costs_three_points(stage: Stage, lock_id: str) -> None:
    """One read as the person, one conditional write as the app."""
    assert stage.extend(lock_id).status == 200
    assert stage.taps.host_calls() == ["attachments.get", "lock_properties.replace"]
    assert stage.taps.points() == 3


@pytest.mark.parametrize(
    ("own", "points"),
    [
        ({}, 3),
        ({"strict": True, "undo_rename": False}, 3),
        ({"active": True}, 5),
        ({"unlock_after_hours": 30}, 5),
        ({"warn_after_hours": 3}, 5),
    ],
)
def test_what_spaces_decide_costs_only_where_it_matters_to_a_lock(
    stage: Stage, lock_id: str, own: dict[str, bool | int | None], points: int
) -> None:
    """P-14, P-15, E22: the page may have moved; lock managers and what is undone do not make a lock another."""
    dana, space = stage.world.actor(DANA), stage.world.site().space_id
    settings = SpaceSettings(own=own, managers=(BOB,), manager_groups=("editors",))
    space_settings.change(stage.world.services, dana, space, settings)
    in_force(stage.world.services, ACME, space, priority=Priority.INTERACTIVE)
    stage.taps.clear()
    stage.extend(lock_id)
    assert stage.taps.points() == points


def test_a_page_that_nobody_asked_about_is_read(stage: Stage, lock_id: str) -> None:
    """Its space decides how long locks last."""
    stage.world.services.known_pages.forget(ACME)
    assert stage.extend(lock_id).status == 200
    assert stage.taps.host_calls() == ["attachments.get", "people.container", "lock_properties.replace"]


def test_the_right_to_edit_is_asked_as_the_person_on_every_call(stage: Stage, lock_id: str) -> None:
    """L-15, E36."""
    stage.world.site().viewers.add(ALICE)
    assert isinstance(refusal_of(lambda: stage.extend(lock_id)), NotAllowed)
    stage.world.site().pages[stage.file.container.id].restricted_to = {BOB, stage.world.site().app_account}
    assert isinstance(refusal_of(lambda: stage.extend(lock_id)), NotFound)
    assert stage.taps.calls["lock_properties.replace"] == 0


def _not_for_the_app(stage: Stage) -> None:
    stage.world.site().pages[stage.file.container.id].restricted_to = {ALICE}


def _seen_by_the_app_only(stage: Stage) -> None:
    stage.world.site().viewers.add(stage.world.site().app_account)


@pytest.mark.parametrize("closed", [_not_for_the_app, _seen_by_the_app_only])
def test_the_write_shows_that_the_app_may_not_edit(stage: Stage, lock_id: str, closed: Callable[[Stage], None]) -> None:
    """L-15: a lock that cannot protect is not extended; the refusal names the remedy."""
    closed(stage)
    refusal = refusal_of(lambda: stage.extend(lock_id))
    assert isinstance(refusal, AppBlocked)
    assert refusal.details == {"remedy": "give_access", "pageId": stage.file.container.id}
    assert stage.world.site().lock_rows(stage.file.id)[0].version == 1


@pytest.mark.parametrize("closed", [_not_for_the_app, _seen_by_the_app_only])
def test_a_page_that_is_closed_to_the_app_gets_no_lock(
    stage: Stage, lock_id: str, closed: Callable[[Stage], None]
) -> None:
    stage.release(lock_id)
    closed(stage)
    assert isinstance(refusal_of(stage.lock), AppBlocked)
    assert stage.world.site().lock_rows(stage.file.id)[0].version == 2


def test_a_page_that_was_closed_at_the_last_look_is_read_in_full(stage: Stage, lock_id: str) -> None:
    """Nothing is tried that is known to be refused."""
    _not_for_the_app(stage)
    stage.world.services.witnesses.set_protection(ACME, stage.file.id, Protection.APP_BLOCKED)
    assert isinstance(refusal_of(lambda: stage.extend(lock_id)), AppBlocked)
    assert stage.taps.calls["lock_properties.replace"] == 0


@pytest.mark.parametrize("status", [FileStatus.TRASHED, FileStatus.ARCHIVED, FileStatus.DRAFT])
def test_a_file_that_is_not_current_is_read_with_its_page(stage: Stage, lock_id: str, status: FileStatus) -> None:
    """E45: its page says why."""
    stage.release(lock_id)
    stage.file.status = status
    stage.taps.clear()
    assert isinstance(refusal_of(stage.lock), Invalid)
    assert stage.taps.calls["people.container"] == 1


def test_a_stale_tab_is_told_of_the_successor(stage: Stage, lock_id: str) -> None:
    """L-25: what is shown of a lock was read in full."""
    stage.take_over(lock_id, DANA)
    refusal = refusal_of(lambda: stage.extend(lock_id))
    assert isinstance(refusal, LockLostError)
    shown = refusal.details["lock"]
    assert getattr(shown, "state", None) is ViewState.OTHER


def test_a_break_between_read_and_write_wins(stage: Stage, lock_id: str) -> None:
    """E3, E4: the conditional write decides."""
    stage.taps.before["lock_properties.replace", 1] = lambda: stage.break_(lock_id, DANA)
    assert isinstance(refusal_of(lambda: stage.extend(lock_id)), LockLostError)
    assert stage.audit()[-1] is AuditKind.BROKEN
    assert one_row_for_each_record(stage)


def test_a_damaged_record_is_healed_before_it_is_extended(stage: Stage, lock_id: str) -> None:
    """L-06: damage is read in full, as the app."""
    stage.world.site().put_lock_rows(stage.file.id)
    assert stage.extend(lock_id).status == 200
    assert isinstance(stage.found, Held)
    assert stage.found.epoch == 2


@pytest.mark.usefixtures("lock_id")
def test_a_lock_that_is_running_out_is_read_in_full(stage: Stage) -> None:
    """L-34: its overwrites are dealt with first, which takes the app's rights."""
    stage.world.clock.advance(hours=48, seconds=10)
    stage.lock()
    assert stage.taps.calls["people.container"] == 1
