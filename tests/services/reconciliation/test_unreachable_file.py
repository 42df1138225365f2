"""Unreachable files: their locks end by time."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import EndReason, Free, Held
from lockpoint.services.errors import GoneOrInvisible
from lockpoint.services.lock_record.file_state import SECOND_LOOK
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE
from tests.services.stage import Stage

EXPIRED_TOLD = (MailKind.LOCK_ENDED, ALICE, "expired")


@pytest.fixture
def closed(stage: Stage) -> Stage:
    """The page is now closed to the app and to the holder; Charlie waits."""
    stage.lock()
    stage.ask(CHARLIE)
    stage.world.site().pages[stage.file.container.id].restricted_to = {BOB, CHARLIE}
    stage.sweep()
    return stage


def _witness(stage: Stage) -> Free | None:
    witness = stage.world.services.witnesses.get(ACME, stage.file.id)
    return witness.record if witness and isinstance(witness.record, Free) else None


def test_the_lock_of_an_unreachable_file_ends_with_its_time(closed: Stage) -> None:
    """F29: it leaves every cap."""
    closed.world.clock.advance(hours=48, seconds=29)
    closed.sweep()
    assert _witness(closed) is None
    closed.world.clock.advance(seconds=2)
    closed.taps.clear()
    closed.sweep()
    tombstone = _witness(closed)
    assert tombstone is not None
    assert tombstone.ended.reason is EndReason.EXPIRED
    assert closed.taps.host_calls() == ["attachments.get"] * 3
    assert EXPIRED_TOLD in closed.mails()
    assert closed.audit().count(AuditKind.EXPIRED) == 1
    assert closed.world.services.witnesses.count_held(ACME, ALICE) == 0
    closed.sweep()
    assert closed.audit().count(AuditKind.EXPIRED) == 1


def test_a_single_no_ends_nothing(stage: Stage) -> None:
    """F09: assumption 34: one 404 can be false; overwrites are checked later."""
    stage.lock()
    stage.upload(BOB, b"Bob's")
    stage.world.clock.advance(hours=49)
    stage.taps.before["attachments.get", stage.taps.calls["attachments.get"] + 1] = _away
    stage.sweep()
    assert isinstance(stage.found, Held)
    assert _witness(stage) is None
    stage.sweep()
    assert stage.content == b"first"
    assert stage.tombstone.ended.reason is EndReason.EXPIRED


def _away() -> None:
    raise GoneOrInvisible("for a moment")


def test_a_page_that_opens_again_has_a_free_file(closed: Stage) -> None:
    """A record older than the witness is ignored."""
    closed.world.clock.advance(hours=49)
    closed.sweep()
    closed.world.site().pages[closed.file.container.id].restricted_to = None
    assert closed.lock(BOB).status == 201
    assert closed.held.holder == BOB
    assert (MailKind.FILE_AVAILABLE, CHARLIE, None) in closed.mails()
    assert closed.mails().count(EXPIRED_TOLD) == 1


def test_a_purged_page_takes_its_locks_along_in_the_end(stage: Stage) -> None:
    """A missing page proves nothing about its files."""
    stage.lock()
    stage.world.site().pages[stage.file.container.id].restricted_to = set()
    stage.world.clock.advance(hours=49)
    stage.sweep()
    assert _witness(stage) is not None
    assert EXPIRED_TOLD in stage.mails()


def test_a_file_that_is_closed_is_told_with_its_lock(closed: Stage) -> None:
    """P-17: the whole row, the whole mail."""
    known = closed.world.services.witnesses.get(ACME, closed.file.id)
    assert known is not None
    assert isinstance(known.record, Held)
    lock_id = known.record.lock_id
    (row,) = (one for one in closed.world.tables.audit_of(ACME) if one.kind is AuditKind.FLAGGED)
    assert (row.lock_id, row.detail, row.account) == (lock_id, "app_blocked", None)
    (told,) = (mail for mail in closed.world.tables.mails_of(ACME) if mail.kind is MailKind.UNPROTECTED)
    assert (told.recipient, told.lock_id, told.detail) == (ALICE, lock_id, "app_blocked")
    assert told.event_key == f"{lock_id}/app_blocked"


def test_before_time_ends_a_hidden_lock_it_is_looked_for_a_second_time(closed: Stage) -> None:
    """F09: as far apart as a replica lags."""
    closed.world.clock.advance(hours=49)
    closed.world.clock.slept.clear()
    closed.sweep()
    assert closed.world.clock.slept == [SECOND_LOOK]
