"""Undoing with few reads: versions by number, one look where it is fresh, and the number before ours afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.services.context import Priority
from lockpoint.services.errors import BadAnswer, GoneOrInvisible
from lockpoint.services.tenancy.settings_in_force import in_force
from tests.fakes.world import ACME, ALICE, BOB, DANA
from tests.services.stage import Stage


@pytest.fixture
def locked(stage: Stage) -> Stage:
    """Alice holds the file; its fourth version is protected."""
    for number in range(3):
        stage.world.clock.advance(minutes=1)
        stage.upload(ALICE, b"old %d" % number)
    stage.lock()
    stage.world.clock.advance(minutes=1)
    for space in (None, stage.world.site().space_id):
        in_force(stage.world.services, ACME, space, priority=Priority.EVENT)
    stage.taps.clear()
    return stage


def _before(stage: Stage, call: str, act: Callable[[], object]) -> None:
    stage.taps.before[call, stage.taps.calls[call] + 1] = act


def test_an_overwrite_is_undone_for_seven_points(locked: Stage) -> None:
    """One look, the protected version, the restore, and the version before it."""
    locked.upload(BOB, b"Bob's")
    locked.reconcile()
    assert locked.content == b"old 2"
    calls = ["attachments.get", "attachments.version", "attachments.restore", "attachments.version"]
    assert [name for name in locked.taps.host_calls() if name != "people.own_account"] == calls
    assert locked.taps.points() == 7


def test_two_overwrites_are_looked_at_again_before_the_restore(locked: Stage) -> None:
    """G1: what is there by then would be buried knowingly."""
    locked.upload(BOB, b"Bob's")
    locked.upload(BOB, b"Bob's again")
    _before(locked, "attachments.version", lambda: locked.upload(ALICE, b"Alice's"))
    locked.reconcile()
    assert locked.content == b"Alice's"
    assert locked.taps.calls["attachments.restore"] == 0
    assert locked.taps.calls["attachments.versions"] == 0


def test_what_slips_in_while_a_version_is_deleted_comes_back(locked: Stage) -> None:
    """I12: the number of our version looks right, the version before it does not."""
    locked.upload(BOB, b"Bob's")

    def slip_in() -> None:
        locked.upload(ALICE, b"Alice's")
        locked.world.site().delete_version(locked.file.id, 1)

    _before(locked, "attachments.restore", slip_in)
    locked.reconcile()
    assert locked.content == b"Alice's"


def test_an_overwrite_that_is_deleted_as_it_is_undone_buries_nothing(locked: Stage) -> None:
    """I12: the same, where the overwrite itself goes."""
    locked.upload(BOB, b"Bob's")

    def slip_in() -> None:
        locked.upload(ALICE, b"Alice's")
        locked.world.site().delete_version(locked.file.id, 5)

    _before(locked, "attachments.restore", slip_in)
    locked.reconcile()
    assert locked.content == b"Alice's"


def test_numbers_that_move_before_the_restore_are_seen_after_it(locked: Stage) -> None:
    """E18: it restored another version than was meant, and the right one comes next."""
    locked.upload(BOB, b"Bob's")
    _before(locked, "attachments.restore", lambda: locked.world.site().delete_version(locked.file.id, 1))
    locked.reconcile()
    assert locked.content == b"old 2"
    assert locked.taps.calls["attachments.restore"] == 2


def test_a_version_that_is_met_twice_shows_that_numbers_moved(locked: Stage) -> None:
    """E18: the versions are listed then."""
    locked.upload(BOB, b"Bob's")
    _before(locked, "attachments.version", lambda: locked.world.site().delete_version(locked.file.id, 1))
    locked.reconcile()
    assert locked.content == b"old 2"
    assert locked.taps.calls["attachments.versions"] > 0


def test_a_protected_version_that_is_gone_is_searched_in_the_list(locked: Stage) -> None:
    """E19: the newest that is left."""
    locked.upload(BOB, b"Bob's")
    locked.world.site().delete_version(locked.file.id, 4)
    locked.reconcile()
    assert locked.content == b"old 1"
    assert locked.taps.calls["attachments.versions"] > 0


@pytest.mark.parametrize("trouble", [GoneOrInvisible("no such number"), BadAnswer("no date")])
def test_numbers_with_gaps_and_odd_versions_are_listed(locked: Stage, trouble: Exception) -> None:
    """L-48: where numbers are not what we take them for."""
    locked.upload(BOB, b"Bob's")

    def odd() -> None:
        raise trouble

    _before(locked, "attachments.version", odd)
    locked.reconcile()
    assert locked.content == b"old 2"


def test_a_look_that_took_long_is_repeated(locked: Stage) -> None:
    """G1: seconds may lie between two calls."""
    locked.upload(BOB, b"Bob's")

    def slowly() -> None:
        locked.world.clock.advance(seconds=3)
        locked.upload(ALICE, b"Alice's")

    _before(locked, "attachments.version", slowly)
    locked.reconcile()
    assert locked.content == b"Alice's"
    assert locked.taps.calls["attachments.restore"] == 0


def test_a_lock_that_ended_as_the_versions_were_read_undoes_nothing(locked: Stage) -> None:
    """G1, I2: its end stands in the witness, which is read last."""
    locked.upload(BOB, b"Bob's")
    _before(locked, "attachments.version", lambda: locked.break_(locked.held.lock_id, DANA))
    locked.reconcile()
    assert locked.audit().count(AuditKind.RESTORED) == 1  # by the end itself
    assert locked.taps.calls["attachments.restore"] == 1


def test_the_version_before_ours_may_be_gone(locked: Stage) -> None:
    """E18: then the list tells what is there."""
    locked.upload(BOB, b"Bob's")

    def gone() -> None:
        raise GoneOrInvisible("no such version")

    locked.taps.before["attachments.version", 2] = gone
    locked.reconcile()
    assert locked.content == b"old 2"
    assert locked.taps.calls["attachments.versions"] == 1


def test_a_lost_base_makes_no_look_dearer_than_the_one_before(locked: Stage) -> None:
    """I19: each version is read singly once, however often the file moves meanwhile."""
    for number in range(6):
        locked.upload(BOB, b"Bob's %d" % number)
    locked.world.site().delete_version(locked.file.id, locked.held.base.number)

    def upload_again() -> None:
        locked.upload(BOB, b"one more")

    for look in range(1, 4):
        locked.taps.after["attachments.versions", look * 2] = upload_again
    locked.reconcile()
    assert locked.taps.calls["attachments.versions"] > 4  # the file did move
    assert locked.taps.calls["attachments.version"] <= 2 * len(locked.file.versions)
