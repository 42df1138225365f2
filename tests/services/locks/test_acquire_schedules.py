"""Faults of locking that machine 4 found, each by its smallest schedule."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import AuditKind
from tests.fakes.world import ACME, ALICE, BOB, DANA
from tests.services.stage import Stage
from tests.services.taps import ProcessDied


@pytest.fixture
def lock_id(stage: Stage) -> str:
    lock_id = stage.lock().lock.lock_id
    assert lock_id is not None
    stage.world.clock.advance(minutes=1)
    return lock_id


def _die() -> None:
    raise ProcessDied


def _conflicts(stage: Stage) -> list[str | None]:
    return [row.account for row in stage.world.tables.audit_of(ACME) if row.kind is AuditKind.CONFLICT]


def test_a_lock_over_one_that_ran_out_meanwhile_forgets_no_overwrite(stage: Stage) -> None:
    """G4: the file was free when the caller read it; the write lost, and its next round finds a lock that ran out."""

    def locked_overwritten_and_over() -> None:
        stage.lock(BOB)
        stage.world.clock.advance(minutes=1)
        stage.upload(DANA, b"Dana's")
        stage.world.clock.advance(hours=49)

    stage.taps.before["witnesses.count_held", 1] = locked_overwritten_and_over
    stage.lock()
    stage.run_jobs(also_later=True)
    assert _conflicts(stage) == [DANA]


def test_a_lock_after_an_unrecorded_end_forgets_no_overwrite(stage: Stage, lock_id: str) -> None:
    """G4, G8: an overwrite slips in before the tombstone, the process crashes after it, and somebody locks the file."""
    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = lambda: stage.upload(BOB, b"Bob's")
    stage.taps.after["lock_properties.replace", number] = _die
    with pytest.raises(ProcessDied):
        stage.release(lock_id)
    stage.lock(DANA)
    stage.run_jobs(also_later=True)
    assert _conflicts(stage) == [BOB]


def test_the_second_look_of_a_lock_buries_no_work_of_its_holder(stage: Stage) -> None:
    """G2, I12: the lock is stored, its holder uploads, and another overwrites that before the answer is sent."""
    before = stage.taps.calls["attachments.get"]

    def both() -> None:
        stage.upload(ALICE, b"Alice's")
        stage.upload(BOB, b"Bob's")

    stage.taps.before["attachments.get", before + 2] = both
    stage.lock()
    stage.run_jobs(also_later=True)
    stage.reconcile()
    assert stage.content == b"Alice's"
