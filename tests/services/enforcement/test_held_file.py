"""How a file is left alone, and what is said of it."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import Flag, FlagReason
from lockpoint.services.context import Priority
from lockpoint.services.enforcement.held_file import HeldFile, flag
from lockpoint.services.lock_record.file_state import read_state
from lockpoint.services.ports.locks import Protection
from tests.fakes.world import ACME, ALICE, BOB
from tests.services.stage import Stage


@pytest.fixture
def held_file(stage: Stage) -> HeldFile:
    stage.lock()
    stage.upload(BOB, b"Bob's")
    state = read_state(stage.world.services, ACME, stage.file.id, priority=Priority.EVENT)
    return HeldFile(stage.world.services, ACME, state, stage.held, Priority.EVENT)


def test_why_a_file_is_left_alone_is_part_of_the_result(held_file: HeldFile) -> None:
    """P-18."""
    result = flag(held_file, Flag(FlagReason.TOO_LARGE, (held_file.attachment.head,)))
    assert result.flag is FlagReason.TOO_LARGE
    assert result.pending == (held_file.attachment.head.created,)
    assert not result.again


def test_without_overwrites_only_the_state_is_told(stage: Stage, held_file: HeldFile) -> None:
    """One row and one mail when it begins, none at the next look."""
    for _ in range(2):
        flag(held_file, Flag(FlagReason.APP_BLOCKED))
        held_file = HeldFile(
            held_file.services,
            ACME,
            read_state(stage.world.services, ACME, stage.file.id, priority=Priority.EVENT),
            held_file.held,
            Priority.EVENT,
        )
    assert stage.audit().count(AuditKind.FLAGGED) == 1
    assert stage.mails() == [(MailKind.UNPROTECTED, ALICE, "app_blocked")]
    assert held_file.marked is Protection.APP_BLOCKED
