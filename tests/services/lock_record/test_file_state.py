"""What is known of a file: from outside, unseen, and with rows too many."""

from __future__ import annotations

from dataclasses import replace

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Absent, Held
from lockpoint.services.context import Priority
from lockpoint.services.lock_record.file_state import FileState, read_state
from lockpoint.services.lock_record.waitlist import KEY
from lockpoint.services.ports.confluence import PropertyHost
from lockpoint.services.ports.locks import AuditEvent, Witness
from tests.fakes.confluence.site import LOCK_KEY
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE
from tests.services.stage import Stage


def _read(stage: Stage, person: str | None = None) -> FileState:
    return read_state(stage.world.services, ACME, stage.file.id, priority=Priority.EVENT, person=person)


def _witness(stage: Stage) -> Witness:
    return stage.world.tables.witnesses[ACME.id, stage.file.id]


def test_a_file_from_outside_may_not_be_written(stage: Stage) -> None:
    """P-17: whatever Confluence said of our right; the known record stands for the one that was not read."""
    stage.lock()
    seen = _read(stage).attachment
    assert seen.may_update
    known = FileState.from_outside(seen, _witness(stage))
    assert (known.attachment.may_update, known.blocked, known.row) == (False, True, None)
    assert known.found == _witness(stage).record
    assert FileState.from_outside(seen, None).found == Absent()


def test_an_unseen_file_is_what_its_lock_last_knew(stage: Stage) -> None:
    """The base of a lock, or of an ended one nothing."""
    lock_id = stage.lock().lock.lock_id or ""
    witness = _witness(stage)
    assert isinstance(witness.record, Held)
    seen = FileState.unseen(witness).attachment
    base = witness.record.base
    assert (seen.id, seen.container, seen.size) == (stage.file.id, witness.container, 0)
    assert (seen.head.number, seen.head.created, seen.head.author) == (base.number, base.created, None)
    stage.release(lock_id)
    ended = FileState.unseen(_witness(stage)).attachment.head
    assert (ended.number, ended.created) == (0, _witness(stage).seen_at)


def test_a_second_row_that_says_nothing_newer_goes(stage: Stage) -> None:
    """F06: recorded once, with the lock that it was of."""
    lock_id = stage.lock().lock.lock_id
    (row,) = stage.world.site().lock_rows(stage.file.id)
    stage.world.site().put_lock_rows(stage.file.id, row, replace(row, id=f"{int(row.id) + 1}"))
    _read(stage)
    assert stage.world.site().lock_rows(stage.file.id) == (row,)
    (removed,) = (one for one in stage.world.tables.audit_of(ACME) if one.kind is AuditKind.DUPLICATE_REMOVED)
    assert removed == AuditEvent(
        at=stage.held.at,
        kind=AuditKind.DUPLICATE_REMOVED,
        attachment_id=stage.file.id,
        account=None,
        lock_id=lock_id,
    )


def test_a_sound_second_row_stays_where_the_first_is_not_ours(stage: Stage) -> None:
    """L-06: it may be the only copy of the lock."""
    stage.lock()
    (row,) = stage.world.site().lock_rows(stage.file.id)
    strange = stage.world.site().new_row(LOCK_KEY, {"state": "free"})
    rows = replace(strange, id=f"{int(row.id) - 1}"), row
    stage.world.site().put_lock_rows(stage.file.id, *rows)
    _read(stage)
    assert stage.world.site().lock_rows(stage.file.id) == rows


def test_where_the_app_may_not_edit_the_holder_removes_a_second_row(stage: Stage) -> None:
    """P-17: everything about this file goes the same way."""
    stage.lock()
    site, (row,) = stage.world.site(), stage.world.site().lock_rows(stage.file.id)
    site.put_lock_rows(stage.file.id, row, replace(row, id=f"{int(row.id) + 1}"))
    site.pages[stage.file.container.id].restricted_to = {ALICE}
    _read(stage, ALICE)
    assert site.lock_rows(stage.file.id) == (row,)


def test_what_was_found_that_is_not_obeyed_is_said_once_a_day(stage: Stage) -> None:
    """F28: the row carries the day, so that a second look repeats it."""
    stage.world.site().put_lock_rows(stage.file.id, stage.world.site().new_row(LOCK_KEY, {"state": "free"}))
    for _ in range(3):
        stage.world.clock.advance(minutes=7, seconds=1)
        stage.lock(BOB, file=stage.world.add_file(BOB))
        stage.reconcile()
    rows = [one for one in stage.world.tables.audit_of(ACME) if one.kind is AuditKind.FLAGGED]
    today = stage.world.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    assert [one.at for one in rows] == [today] * len(rows)


def test_a_look_keeps_the_space_and_notes_the_version(stage: Stage) -> None:
    """B7: an open list hears of it."""
    stage.lock()
    space = _witness(stage).space_id
    assert space is not None
    stage.upload(ALICE, b"second")
    stage.reconcile()
    assert (_witness(stage).space_id, _witness(stage).version) == (space, 2)


def test_a_waitlist_says_its_format(stage: Stage) -> None:
    stage.lock()
    stage.ask(CHARLIE)
    value = stage.world.site().rows[PropertyHost.ATTACHMENT, stage.file.id, KEY][0].value
    assert isinstance(value, dict)
    assert value["schema"] == 1
