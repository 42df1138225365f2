"""One audit row for each stored record, of the kind that the write had, whoever writes it down and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import EndReason, Held
from lockpoint.services.context import Priority
from lockpoint.services.errors import HostUnavailable, LockLostError, StorageUnavailable, WitnessMoved
from lockpoint.services.lock_record.file_state import FileState, read_state
from lockpoint.services.lock_record.record_effects import ROUNDS, on_what_is_known, without_words
from lockpoint.services.ports.locks import AuditEvent, Witness
from tests.fakes.world import ACME, ALICE, BOB, DANA
from tests.services.stage import Stage, one_row_for_each_record, refusal_of
from tests.services.taps import ProcessDied

STORED = "lock_properties.replace"


def _rows(stage: Stage) -> list[AuditEvent]:
    return sorted(stage.world.tables.audit_of(ACME), key=lambda row: (row.epoch, row.seq))


def _after(stage: Stage, port_call: str, action: Callable[[], None]) -> None:
    """Do this once, after the next such call."""
    stage.taps.after[port_call, stage.taps.calls[port_call] + 1] = action


def _dies_when_stored(stage: Stage, call: Callable[[], object], port_call: str = STORED) -> None:
    def die() -> None:
        raise ProcessDied(port_call)

    _after(stage, port_call, die)
    with pytest.raises(ProcessDied):
        call()
    stage.world.clock.advance(minutes=2)


def test_a_look_while_an_extender_is_slow(stage: Stage) -> None:
    """L-64: the look finds a lock whose base moved, too; the write was an extension."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.upload(ALICE, b"Alice's second")
    _dies_when_stored(stage, stage.reconcile)
    _after(stage, STORED, stage.reconcile)
    stage.extend(lock_id, hours=72)
    assert one_row_for_each_record(stage)
    assert [row.kind for row in _rows(stage)] == [AuditKind.ACQUIRED, AuditKind.REBASED, AuditKind.EXTENDED]


def test_a_look_before_a_release_without_an_answer_is_read_again(stage: Stage) -> None:
    """L-64: a release stays one, and its holder released it."""
    lock_id = stage.lock().lock.lock_id or ""

    def lose_the_answer() -> None:
        stage.reconcile()
        raise HostUnavailable("time-out")

    _after(stage, STORED, lose_the_answer)
    stage.release(lock_id)
    assert [(row.kind, row.account) for row in _rows(stage)] == [
        (AuditKind.ACQUIRED, ALICE),
        (AuditKind.RELEASED, ALICE),
    ]


def test_two_crashes_in_a_row_lose_no_row(stage: Stage) -> None:
    """I16: who writes over a record that was never recorded, records it first."""
    lock_id = stage.lock().lock.lock_id or ""
    _dies_when_stored(stage, lambda: stage.extend(lock_id, hours=60))
    _dies_when_stored(stage, lambda: stage.break_(lock_id, DANA))
    _dies_when_stored(stage, lambda: stage.lock(BOB))
    stage.reconcile()
    assert one_row_for_each_record(stage)
    assert [(row.kind, row.account, row.recovered) for row in _rows(stage)] == [
        (AuditKind.ACQUIRED, ALICE, False),
        (AuditKind.EXTENDED, ALICE, True),
        (AuditKind.BROKEN, DANA, True),
        (AuditKind.ACQUIRED, BOB, True),
    ]


def test_the_first_two_records_of_a_file_by_crashed_processes(stage: Stage) -> None:
    """I16: also where nothing was known of the file."""
    _dies_when_stored(stage, stage.lock, "lock_properties.create")
    _dies_when_stored(stage, lambda: stage.release(stage.held.lock_id))
    stage.reconcile()
    assert one_row_for_each_record(stage)


@pytest.mark.parametrize("ended", [False, True])
def test_rows_that_a_database_lost_are_filled_in(stage: Stage, *, ended: bool) -> None:
    """I16: place, lock and latest time are known, and nothing else."""
    lock_id = stage.lock().lock.lock_id or ""
    tables = stage.world.tables
    witness = tables.witnesses[ACME.id, stage.file.id]
    for hours in (60, 70, 80):
        stage.world.clock.advance(minutes=1)
        stage.extend(lock_id, hours=hours)
    if ended:
        stage.release(lock_id)
        stage.lock(BOB)
    last = stage.held
    tables.witnesses[ACME.id, stage.file.id] = replace(witness, record=without_words(witness.record))
    tables.audit = {key: row for key, row in tables.audit.items() if row.seq == 1}
    stage.reconcile()
    assert one_row_for_each_record(stage)
    assert _rows(stage)[1:-1] == [
        AuditEvent(
            at=last.at,
            kind=AuditKind.RECOVERED,
            attachment_id=stage.file.id,
            account=None,
            epoch=1,
            seq=seq,
            lock_id=None if ended else lock_id,
            recovered=True,
        )
        for seq in range(2, last.seq)
    ]


def test_a_late_writer_adds_no_second_row_to_a_filled_gap(stage: Stage) -> None:
    """L-64: the row that is there stays."""
    lock_id = stage.lock().lock.lock_id or ""
    witness = stage.world.tables.witnesses[ACME.id, stage.file.id]

    def lose_commits() -> None:
        stage.world.clock.advance(minutes=1)
        stage.extend(lock_id, hours=90)
        stage.world.tables.witnesses[ACME.id, stage.file.id] = witness
        stage.world.tables.audit = {key: row for key, row in stage.world.tables.audit.items() if row.seq == 1}
        stage.reconcile()

    _after(stage, STORED, lose_commits)
    stage.extend(lock_id, hours=60)
    assert one_row_for_each_record(stage)
    assert [row.kind for row in _rows(stage)] == [AuditKind.ACQUIRED, AuditKind.RECOVERED, AuditKind.EXTENDED]


def test_a_late_repetition_does_not_begin_the_same_lock_again(stage: Stage) -> None:
    """L-03: two locks later nothing on the file names it any more; the call knows."""
    key = stage.key()
    _dies_when_stored(stage, lambda: stage.lock(key=key), "lock_properties.create")
    first = stage.held.lock_id
    stage.break_(first, DANA)
    stage.release(stage.lock(BOB).lock.lock_id or "", BOB)
    assert isinstance(refusal_of(stage.lock, key=key), LockLostError)
    assert isinstance(refusal_of(stage.lock, key=key), LockLostError)
    stage.lock(BOB)
    assert stage.held.holder == BOB
    assert [row.kind for row in _rows(stage) if row.lock_id == first] == [AuditKind.ACQUIRED, AuditKind.BROKEN]


def test_a_late_repetition_extends_no_later_lock_of_the_same_person(stage: Stage) -> None:
    """L-12: the call had its effect."""
    key = stage.key()
    _dies_when_stored(stage, lambda: stage.lock(key=key), "lock_properties.create")
    stage.break_(stage.held.lock_id, DANA)
    stage.lock()
    before = stage.held
    assert isinstance(refusal_of(stage.lock, key=key), LockLostError)
    assert stage.held == before


def test_a_repetition_while_the_lock_lives_is_a_yes(stage: Stage) -> None:
    """L-12: others have found it meanwhile."""
    key = stage.key()
    _dies_when_stored(stage, lambda: stage.lock(key=key), "lock_properties.create")
    first = stage.held.lock_id
    stage.reconcile()
    assert stage.lock(key=key).lock.lock_id == first


def test_a_row_that_is_written_later_names_no_version(stage: Stage) -> None:
    """By then the file's newest version may be another one."""
    lock_id = stage.lock().lock.lock_id or ""
    _dies_when_stored(stage, lambda: stage.extend(lock_id))
    stage.sweep()
    rows = [row for row in stage.world.tables.audit_of(ACME) if row.kind in {AuditKind.ACQUIRED, AuditKind.EXTENDED}]
    assert [(row.kind, row.recovered, row.version) for row in rows] == [
        (AuditKind.ACQUIRED, False, 1),
        (AuditKind.EXTENDED, True, None),
    ]


def test_the_end_of_a_lock_that_was_never_recorded_is_told(stage: Stage) -> None:
    """L-21: two crashes in a row, after Alice's lock was stored and after its end was."""
    _dies_when_stored(stage, stage.lock, "lock_properties.create")
    stage.world.clock.advance(days=3)
    _dies_when_stored(stage, lambda: stage.lock(DANA))
    stage.reconcile()
    assert (MailKind.LOCK_ENDED, ALICE, "expired") in stage.mails()
    assert one_row_for_each_record(stage)


def _slow_look(stage: Stage, meanwhile: Callable[[], None]) -> None:
    """A look that knew of no lock as it began, and reads the file when all this has happened."""
    stage.taps.before["attachments.get", stage.taps.calls["attachments.get"] + 1] = meanwhile
    stage.reconcile()


def test_a_slow_look_owes_what_became_known_meanwhile(stage: Stage) -> None:
    """L-21: Alice locks, Dana takes over and dies; a look from before tells Alice, whose lock it never knew."""

    def meanwhile() -> None:
        lock_id = stage.lock().lock.lock_id or ""
        _dies_when_stored(stage, lambda: stage.take_over(lock_id, DANA))

    _slow_look(stage, meanwhile)
    assert (MailKind.LOCK_ENDED_BY_OTHER, ALICE, "taken_over") in stage.mails()
    assert one_row_for_each_record(stage)


def test_a_slow_look_looks_back_at_a_lock_that_it_never_knew(stage: Stage) -> None:
    """L-41: Bob's overwrite came just before Alice's release, whose call died."""

    def meanwhile() -> None:
        lock_id = stage.lock().lock.lock_id or ""
        stage.world.clock.advance(minutes=1)
        stage.taps.before[STORED, stage.taps.calls[STORED] + 1] = lambda: stage.upload(BOB, b"Bob's")
        _dies_when_stored(stage, lambda: stage.release(lock_id))

    _slow_look(stage, meanwhile)
    assert (MailKind.OVERWRITE_ATTEMPT, ALICE, "not_undone") in stage.mails()
    assert (MailKind.UPLOAD_UNDONE, BOB, "not_undone") in stage.mails()


@pytest.mark.parametrize("end", [EndReason.BROKEN, EndReason.TAKEN_OVER])
def test_a_look_whose_knowledge_ages_while_it_records_decides_anew(stage: Stage, end: EndReason) -> None:
    """L-21: the beginning of Alice's lock is recorded only as a look is about to record its end."""
    _dies_when_stored(stage, stage.lock, "lock_properties.create")
    beginning = stage.stored_records()[0]
    ended = stage.break_ if end is EndReason.BROKEN else stage.take_over
    _dies_when_stored(stage, lambda: ended(beginning.lock_id, DANA))

    def recorded_late() -> None:
        assert isinstance(beginning, Held)
        known = Witness(
            attachment_id=stage.file.id,
            container=stage.file.container,
            space_id=None,
            record=beginning,
            seen_at=beginning.at,
        )
        stage.world.tables.witnesses[ACME.id, stage.file.id] = known

    del stage.world.tables.witnesses[ACME.id, stage.file.id]
    stage.taps.before["effects.record", stage.taps.calls["effects.record"] + 1] = recorded_late
    stage.reconcile()
    assert (MailKind.LOCK_ENDED_BY_OTHER, ALICE, end.value) in stage.mails()


def test_a_witness_that_goes_on_moving_leaves_it_to_the_job(stage: Stage) -> None:
    """Nothing is stored, and the error is one after which jobs come back."""
    state = read_state(stage.world.services, ACME, stage.file.id, priority=Priority.EVENT)
    seen: list[object] = []

    def work(state: FileState) -> None:
        seen.append(state.witness)
        raise WitnessMoved(state.attachment.id)

    with pytest.raises(StorageUnavailable):
        on_what_is_known(stage.world.services, ACME, state, work)
    assert len(seen) == ROUNDS + 1


def test_a_row_of_a_record_is_complete(stage: Stage) -> None:
    """I16: who, what, which lock, over which version."""
    lock_id = stage.lock().lock.lock_id
    (row,) = stage.world.tables.audit_of(ACME)
    assert row == AuditEvent(
        at=stage.held.at,
        kind=AuditKind.ACQUIRED,
        attachment_id=stage.file.id,
        account=ALICE,
        epoch=1,
        seq=1,
        lock_id=lock_id,
        version=1,
    )
