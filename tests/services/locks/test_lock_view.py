"""What a lock looks like to one person."""

from __future__ import annotations

import pytest

from lockpoint.services.errors import HostUnavailable
from lockpoint.services.locks.lock_view import PersonRef
from lockpoint.services.ports.locks import Protection
from tests.fakes.world import ACME, ALICE, BOB, DANA
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
