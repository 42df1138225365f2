"""Faults that the schedules of machine 4 found and that still stand; each is the smallest schedule that shows one.

`tests/properties/system_model.py` leaves these out by its options.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.services.errors import HostUnavailable
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


@pytest.mark.xfail(strict=True, reason="nobody looks whether a restore that timed out lands after its lock")
def test_a_late_restore_buries_no_free_upload(stage: Stage, lock_id: str) -> None:
    """G1: the host applies a restore seconds after it timed out; by then the lock is over and the file is used."""
    stage.upload(BOB, b"Bob's")
    attachments = stage.world.services.attachments
    late: list[Callable[[], object]] = []

    def restore(*place: object, **more: object) -> None:
        late.append(lambda: original(*place, **more))
        raise HostUnavailable("time-out")

    original, attachments._port.restore = attachments._port.restore, restore  # type: ignore[attr-defined]
    with pytest.raises(HostUnavailable):
        stage.reconcile()
    attachments._port.restore = original  # type: ignore[attr-defined]
    stage.release(lock_id)
    stage.upload(BOB, b"Bob's, free")
    late[0]()
    stage.run_jobs(also_later=True)
    stage.reconcile()
    assert stage.content == b"Bob's, free"


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
