"""A lock protects what was there when it began, not what was read before it was written."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import Free, Held
from tests.fakes.world import ACME, ALICE, BOB, DANA, SAM
from tests.services.stage import Stage, one_row_for_each_record, untouched
from tests.services.taps import ProcessDied


def _before_the_write(stage: Stage, act: Callable[[], None]) -> None:
    name = "lock_properties.replace" if stage.stored_records() else "lock_properties.create"
    stage.taps.before[name, stage.taps.calls[name] + 1] = act


def _die() -> NoReturn:
    raise ProcessDied("after the write")


def _conflicts(stage: Stage) -> list[str | None]:
    return [row.account for row in stage.world.tables.audit_of(ACME) if row.kind is AuditKind.CONFLICT]


def _locked(stage: Stage, who: str = ALICE, **options: bool) -> str:
    lock_id = stage.lock(who, **options).lock.lock_id
    assert lock_id is not None
    stage.world.clock.advance(minutes=1)
    return lock_id


@pytest.fixture(params=["first lock", "after a tombstone"])
def free(request: pytest.FixtureRequest, stage: Stage) -> Stage:
    """A file that never had a lock, or had one."""
    if request.param == "after a tombstone":
        stage.release(_locked(stage, SAM), SAM)
        stage.run_jobs(also_later=True)
        stage.world.tables.audit.clear()
    return stage


def test_an_upload_between_read_and_write_is_protected(free: Stage) -> None:
    """G2: a look comes before the lock's own second look."""
    _before_the_write(free, lambda: free.upload(BOB, b"Bob's, before the lock"))
    free.taps.after["lock_properties.create", free.taps.calls["lock_properties.create"] + 1] = free.reconcile
    free.taps.after["lock_properties.replace", free.taps.calls["lock_properties.replace"] + 1] = free.reconcile
    free.lock()
    free.run_jobs(also_later=True)
    assert free.content == b"Bob's, before the lock"
    assert _conflicts(free) == []
    free.world.clock.advance(minutes=1)
    free.upload(DANA, b"Dana's")
    free.reconcile()
    assert free.content == b"Bob's, before the lock"
    assert _conflicts(free) == [DANA]
    assert untouched(free)


def test_it_is_protected_after_a_crash(free: Stage) -> None:
    """G2, F38: nobody took the second look."""
    _before_the_write(free, lambda: free.upload(BOB, b"Bob's, before the lock"))
    for call in ("create", "replace"):
        free.taps.after[f"lock_properties.{call}", free.taps.calls[f"lock_properties.{call}"] + 1] = _die
    with pytest.raises(ProcessDied):
        free.lock()
    free.taps.before.clear()
    free.taps.after.clear()
    free.world.clock.advance(minutes=3)
    free.run_jobs(also_later=True)
    assert free.content == b"Bob's, before the lock"
    assert _conflicts(free) == []
    assert isinstance(free.found, Held)
    assert free.found.base.author == BOB


def test_the_begin_outlives_every_later_write(stage: Stage) -> None:
    lock_id = _locked(stage)
    began = stage.held.began
    assert began is not None
    stage.extend(lock_id)
    stage.upload(ALICE, b"Alice's")
    stage.reconcile()
    assert stage.held.seq == 3
    assert stage.held.began == began
    witness = stage.world.tables.witnesses[ACME.id, stage.file.id].record
    assert isinstance(witness, Held)
    assert witness.began == began


@pytest.mark.parametrize("look", ["at once", "by the queue"])
def test_the_last_upload_before_a_take_over_is_protected(stage: Stage, look: str) -> None:
    """G2: settled against the lock before."""
    lock_id = _locked(stage)
    _before_the_write(stage, lambda: stage.upload(ALICE, b"Alice's last work"))
    if look == "at once":
        stage.taps.after["lock_properties.replace", stage.taps.calls["lock_properties.replace"] + 1] = stage.reconcile
    stage.take_over(lock_id, DANA)
    stage.run_jobs(also_later=True)
    assert stage.content == b"Alice's last work"
    assert _conflicts(stage) == []
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    assert stage.content == b"Alice's last work"


def test_an_overwrite_before_a_take_over_is_undone(stage: Stage) -> None:
    lock_id = _locked(stage)
    _before_the_write(stage, lambda: stage.upload(BOB, b"Bob's"))
    stage.take_over(lock_id, DANA)
    stage.run_jobs(also_later=True)
    assert stage.content == b"first"
    assert _conflicts(stage) == [BOB]


def test_an_upload_before_the_lock_does_not_end_it(stage: Stage) -> None:
    """G9, L-24: the lock ends with the first upload that it covers."""
    _before_the_write(stage, lambda: stage.upload(ALICE, b"seconds before"))
    stage.lock(unlock_on_upload=True)
    stage.world.clock.advance(minutes=1)
    stage.reconcile()
    assert isinstance(stage.found, Held)
    stage.upload(ALICE, b"the awaited one")
    stage.reconcile()
    assert isinstance(stage.found, Free)
    assert stage.content == b"the awaited one"


def test_a_break_that_a_crash_left_unsaid_is_told_to_a_holder_who_locks_again(stage: Stage) -> None:
    """G10: only an expiry counts as a renewal."""
    lock_id = _locked(stage)
    stage.taps.after["lock_properties.replace", stage.taps.calls["lock_properties.replace"] + 1] = _die
    with pytest.raises(ProcessDied):
        stage.break_(lock_id, DANA)
    stage.world.clock.advance(minutes=3)
    stage.lock()
    assert (MailKind.LOCK_ENDED_BY_OTHER, ALICE, "broken") in stage.mails()
    assert one_row_for_each_record(stage)
