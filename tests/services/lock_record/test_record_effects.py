"""Every record we store leaves one audit row, of the kind that it says itself."""

from __future__ import annotations

from typing import NoReturn

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.services.errors import HostUnavailable
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA
from tests.services.stage import Stage, one_row_for_each_record
from tests.services.taps import ProcessDied


def _die() -> NoReturn:
    raise ProcessDied("after the write")


def _after_the_next_write(stage: Stage, act: object) -> None:
    stage.taps.after["lock_properties.replace", stage.taps.calls["lock_properties.replace"] + 1] = act  # type: ignore[assignment]


@pytest.fixture
def lock_id(stage: Stage) -> str:
    lock_id = stage.lock().lock.lock_id
    assert lock_id is not None
    stage.world.clock.advance(minutes=1)
    return lock_id


@pytest.mark.parametrize("crashes", [2, 3])
def test_crashes_in_a_row_lose_no_row(stage: Stage, lock_id: str, crashes: int) -> None:
    """G8, I16: each write first completes the one before."""
    for _ in range(crashes):
        _after_the_next_write(stage, _die)
        with pytest.raises(ProcessDied):
            stage.extend(lock_id)
        stage.world.clock.advance(minutes=2)
    stage.sweep()
    assert len(stage.stored_records()) == crashes + 1
    assert one_row_for_each_record(stage)


def test_a_slow_write_and_a_look_leave_one_row(stage: Stage, lock_id: str) -> None:
    """G7: the look records the extension before the extender does."""
    _after_the_next_write(stage, stage.reconcile)
    stage.extend(lock_id)
    assert one_row_for_each_record(stage)
    assert stage.audit()[-1] is AuditKind.EXTENDED


def test_a_look_before_the_second_try_of_a_release_leaves_a_release(stage: Stage, lock_id: str) -> None:
    """G7: it once read as the erasure of a person."""

    def lost() -> NoReturn:
        stage.reconcile()
        raise HostUnavailable("the answer was lost")

    _after_the_next_write(stage, lost)
    stage.release(lock_id)
    assert one_row_for_each_record(stage)
    assert stage.audit()[-1] is AuditKind.RELEASED


def test_an_end_below_two_crashes_is_told(stage: Stage, lock_id: str) -> None:
    """Dana breaks, Charlie's successor locks, both die unrecorded; the next end tells both."""
    stage.upload(BOB, b"Bob's")
    stage.taps.before["lock_properties.replace", stage.taps.calls["lock_properties.replace"] + 1] = lambda: (
        stage.upload(BOB, b"slipped in")
    )
    _after_the_next_write(stage, _die)
    with pytest.raises(ProcessDied):
        stage.break_(lock_id, DANA)
    stage.world.clock.advance(minutes=2)
    stage.upload(CHARLIE, b"free by then")
    _after_the_next_write(stage, _die)
    with pytest.raises(ProcessDied):
        stage.lock(BOB)
    stage.world.clock.advance(minutes=2)
    second = stage.lock(BOB).lock.lock_id
    assert second is not None
    stage.release(second, BOB)
    stage.run_jobs(also_later=True)
    assert (MailKind.LOCK_ENDED_BY_OTHER, ALICE, "broken") in stage.mails()
    conflicts = [row.account for row in stage.world.tables.audit_of(ACME) if row.kind is AuditKind.CONFLICT]
    assert conflicts == [BOB, BOB]
    assert stage.content == b"free by then"
    assert one_row_for_each_record(stage)


def test_a_row_that_is_written_later_names_no_version(stage: Stage, lock_id: str) -> None:
    """By then the file's newest version may be another one."""
    _after_the_next_write(stage, _die)
    with pytest.raises(ProcessDied):
        stage.extend(lock_id)
    stage.world.clock.advance(minutes=2)
    stage.sweep()
    rows = [row for row in stage.world.tables.audit_of(ACME) if row.kind in {AuditKind.ACQUIRED, AuditKind.EXTENDED}]
    assert [(row.kind, row.recovered, row.version) for row in rows] == [
        (AuditKind.ACQUIRED, False, 1),
        (AuditKind.EXTENDED, True, None),
    ]
