"""What a lock looks like to one person."""

from __future__ import annotations

import pytest

from lockpoint.services.ports.locks import Protection
from tests.fakes.world import ACME, BOB
from tests.services.stage import Stage


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
