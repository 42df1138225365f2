"""No end of a lock forgets an overwrite: below the trash, under a failing host, under the holder's own trashing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.lock import Free
from lockpoint.services.context import Priority
from lockpoint.services.enforcement.pending_overwrite import undo_pending
from lockpoint.services.errors import HostUnavailable
from lockpoint.services.lock_record.file_state import read_state
from lockpoint.services.reconciliation.reconcile import trashed_by
from tests.fakes.world import ACME, ALICE, BOB, DANA
from tests.services.stage import Stage, one_row_for_each_record, untouched

End = Callable[[Stage, str], None]


def _expire(stage: Stage, _: str) -> None:
    stage.world.clock.advance(hours=49)
    stage.sweep()


ENDS: dict[str, End] = {
    "release": lambda stage, lock_id: (stage.release(lock_id), None)[1],
    "break": lambda stage, lock_id: (stage.break_(lock_id, DANA), None)[1],
    "expire": _expire,
    "take over": lambda stage, lock_id: (stage.take_over(lock_id, DANA), None)[1],
}


@pytest.fixture
def lock_id(stage: Stage) -> str:
    lock_id = stage.lock().lock.lock_id
    assert lock_id is not None
    stage.world.clock.advance(minutes=1)
    return lock_id


def _conflicts(stage: Stage) -> list[str | None]:
    return [row.detail for row in stage.world.tables.audit_of(ACME) if row.kind is AuditKind.CONFLICT]


def _overwritten_and_trashed(stage: Stage) -> None:
    stage.upload(BOB, b"Bob's")
    stage.world.site().trash(stage.file.id)


@pytest.mark.parametrize("end", [ENDS["release"], ENDS["break"], ENDS["expire"]], ids=["release", "break", "expire"])
def test_an_end_undoes_what_lies_below_the_trash(stage: Stage, lock_id: str, end: End) -> None:
    """G4."""
    _overwritten_and_trashed(stage)
    end(stage, lock_id)
    assert isinstance(stage.found, Free)
    assert (stage.file.status, stage.content) == (FileStatus.CURRENT, b"first")
    assert _conflicts(stage) == ["undone"]
    assert (MailKind.UPLOAD_UNDONE, BOB, "undone") in stage.mails()
    assert stage.tombstone.ended.pending == ()
    assert untouched(stage)


@pytest.mark.parametrize("end", [ENDS["release"], ENDS["break"], ENDS["expire"]], ids=["release", "break", "expire"])
def test_what_cannot_be_undone_below_the_trash_is_named(stage: Stage, lock_id: str, end: End) -> None:
    """G4: in the tombstone, a row and mails."""
    stage.world.site().restore_refused = True
    _overwritten_and_trashed(stage)
    overwrite = stage.file.versions[-1].created
    end(stage, lock_id)
    assert stage.tombstone.ended.pending == (overwrite,)
    assert _conflicts(stage) == ["not_undone"]
    assert {(MailKind.OVERWRITE_ATTEMPT, ALICE, "not_undone"), (MailKind.UPLOAD_UNDONE, BOB, "not_undone")} <= set(
        stage.mails()
    )


def test_a_file_below_a_trashed_page_names_its_overwrite(stage: Stage, lock_id: str) -> None:
    """It cannot be brought back without its page."""
    _overwritten_and_trashed(stage)
    stage.world.site().pages[stage.file.container.id].status = FileStatus.TRASHED
    overwrite = stage.file.versions[-1].created
    _expire(stage, lock_id)
    assert stage.tombstone.ended.pending == (overwrite,)
    assert len(_conflicts(stage)) == 1


@pytest.mark.usefixtures("lock_id")
def test_the_holders_own_trashing_forgets_no_overwrite(stage: Stage) -> None:
    """G5: three overwrites in seconds, then the holder trashes the file."""
    for number in range(3):
        stage.upload(BOB, b"Bob's %d" % number)
    stage.world.site().trash(stage.file.id)
    trashed_by(stage.world.services, ACME, stage.file.id, ALICE)
    assert isinstance(stage.found, Free)
    assert stage.file.status is FileStatus.TRASHED
    assert len(_conflicts(stage)) == 3
    assert len([m for m in stage.mails() if m[0] is MailKind.UPLOAD_UNDONE]) == 3
    assert one_row_for_each_record(stage)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_host_that_fails_while_an_end_settles_hides_no_overwrite(stage: Stage, lock_id: str, end: End) -> None:
    """G5: each of three gets its row and its mails."""
    for number in range(3):
        stage.upload(BOB, b"Bob's %d" % number)

    def away() -> None:
        raise HostUnavailable("500")

    stage.taps.before["attachments.versions", 1] = away
    end(stage, lock_id)
    stage.run_jobs(also_later=True)
    assert len(_conflicts(stage)) == 3
    assert len([m for m in stage.mails() if m[0] is MailKind.UPLOAD_UNDONE]) == 3
    assert one_row_for_each_record(stage)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_looking_back_twice_tells_nothing_twice(stage: Stage, lock_id: str, end: End) -> None:
    """G5: rows and mails are idempotent."""
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    before = _conflicts(stage), [m for m in stage.mails() if m[0] is MailKind.UPLOAD_UNDONE]
    end(stage, lock_id)
    stage.run_jobs(also_later=True)
    assert (_conflicts(stage), [m for m in stage.mails() if m[0] is MailKind.UPLOAD_UNDONE]) == before
    assert stage.content == b"first"


def test_our_own_version_is_no_pending_overwrite_while_the_host_fails(stage: Stage) -> None:
    """Its row was lost; nobody is accused by the end of the lock."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    stage.world.tables.restorations.clear()

    def away() -> None:
        raise HostUnavailable("503")

    stage.taps.before["attachments.versions", stage.taps.calls["attachments.versions"] + 1] = away
    stage.release(lock_id)
    assert stage.tombstone.ended.pending == ()


def test_what_went_with_its_page_is_told_when_the_lock_ends(stage: Stage) -> None:
    """E23, G4: nothing is undone in a page's trash; the overwrite is named all the same."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.world.site().trash(stage.file.id)
    stage.world.site().pages[stage.file.container.id].status = FileStatus.TRASHED
    state = read_state(stage.world.services, ACME, stage.file.id, priority=Priority.EVENT)
    left, pending = undo_pending(stage.world.services, ACME, state, stage.held, priority=Priority.EVENT)
    assert left.attachment.status is FileStatus.TRASHED
    assert pending == (stage.file.versions[1].created,)
    assert [row.detail for row in stage.world.tables.audit_of(ACME) if row.kind is AuditKind.CONFLICT] == ["not_undone"]
    assert (MailKind.UPLOAD_UNDONE, BOB, "not_undone") in stage.mails()
    assert lock_id == stage.held.lock_id
