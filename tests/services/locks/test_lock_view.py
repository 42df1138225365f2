"""What a lock looks like to one person."""

from __future__ import annotations

import pytest

from lockpoint.domain.history.judge import FileStatus
from lockpoint.services.errors import HostUnavailable
from lockpoint.services.locks.lock_view import PersonRef
from lockpoint.services.ports.locks import Protection
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA
from tests.services.stage import Stage, refusal_of


@pytest.mark.parametrize("mark", [Protection.UNCHECKED, Protection.SUSPENDED])
def test_only_a_file_that_is_left_in_the_trash_is_suspended(stage: Stage, mark: Protection) -> None:
    """In the trash and not looked at yet: it is being brought back; out of it again: protected."""
    stage.lock()
    stage.world.site().trash(stage.file.id)
    assert stage.show(BOB).protection == "restoring"
    stage.world.services.witnesses.set_protection(ACME, stage.file.id, mark, 1)
    assert stage.show(BOB).protection == "suspended"
    stage.reconcile()
    stage.world.services.witnesses.set_protection(ACME, stage.file.id, mark, 1)
    stage.file.status = type(stage.file.status).CURRENT
    assert stage.show(BOB).protection == "protected"


def test_a_host_that_does_not_tell_names_hides_no_lock(stage: Stage) -> None:
    """Who holds it shows without a name; what is being undone shows as such."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(DANA, b"Dana's")

    def away() -> None:
        raise HostUnavailable("503")

    stage.taps.before["people.describe", 0] = stage.taps.before["people.own_account", 0] = away
    view = stage.show(BOB)
    assert view.holder == PersonRef(ALICE, None)
    assert view.protection == "restoring"


def test_a_refusal_carries_the_lock_and_nothing_else(stage: Stage) -> None:
    """L-10."""
    stage.lock()
    refusal = refusal_of(stage.lock, BOB)
    assert list(refusal.details) == ["lock"]
    assert refusal.details["lock"].holder.account_id == ALICE


def test_a_lock_over_the_work_of_another_is_protected(stage: Stage) -> None:
    """The protected version itself is no overwrite, whoever made it."""
    stage.file = stage.world.add_file(DANA, title="hers.txt")
    stage.lock()
    assert stage.show(BOB).protection == "protected"


def test_nobody_locks_or_takes_over_what_lies_in_the_trash(stage: Stage) -> None:
    """I23: a lock is ended there, not begun."""
    stage.world.site().trash(stage.file.id)
    assert not stage.show().can.lock
    stage.file.status = FileStatus.CURRENT
    stage.lock()
    assert stage.show(DANA).can.take_over
    stage.world.site().trash(stage.file.id)
    can = stage.show(DANA).can
    assert (can.take_over, can.break_, can.lock) == (False, True, False)


def test_a_refusal_without_a_lock_has_no_details_of_one(stage: Stage) -> None:
    """L-12: nor of a version; and the winner is read once."""
    assert refusal_of(stage.lock, CHARLIE).details == {}
    stage.lock()
    stage.taps.clear()
    refusal_of(stage.lock, BOB)
    assert stage.taps.calls["attachments.get"] == 1
