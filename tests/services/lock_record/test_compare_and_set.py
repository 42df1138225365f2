"""The conditional write: its pauses, and the look that it promises."""

from __future__ import annotations

from typing import NoReturn

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.services.context import Priority
from lockpoint.services.errors import Busy, LostRace, Rejected
from lockpoint.services.lock_record.compare_and_set import heal
from lockpoint.services.lock_record.file_state import SECOND_LOOK
from lockpoint.services.locks.lock_view import ViewState
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.confluence import LOCK_KEY
from tests.fakes.world import ACME, BOB
from tests.services.stage import Stage, refusal_of


def _lost() -> NoReturn:
    raise LostRace("409")


def test_each_round_waits_twice_as_long_as_the_one_before(stage: Stage) -> None:
    """F01: many writers at once come apart; the fraction here is a half."""
    stage.taps.before["lock_properties.create", 0] = _lost
    assert isinstance(refusal_of(stage.lock), Busy)
    assert stage.world.clock.slept == [0.025, 0.05, 0.1, 0.2]


def test_only_a_lock_that_nothing_is_known_of_is_looked_for_later(stage: Stage) -> None:
    """A recorded lock is in the sweep; an end and an extension promise no job."""
    lock_id = stage.lock().lock.lock_id or ""
    assert len(stage.jobs(JobKind.CONFIRM)) == 1
    stage.world.tables.jobs.clear()
    stage.world.clock.advance(minutes=1)
    stage.extend(lock_id)
    stage.release(lock_id)
    assert stage.jobs(JobKind.CONFIRM) == []
    stage.lock()
    assert len(stage.jobs(JobKind.CONFIRM)) == 1


def test_a_creation_that_the_host_refuses_gives_the_guard_back(stage: Stage) -> None:
    """L-10: the next person need not wait for it to run out."""

    def refuse() -> None:
        raise Rejected("no")

    stage.taps.before["lock_properties.create", 1] = refuse
    with pytest.raises(Rejected):
        stage.lock()
    assert stage.lock(BOB).status == 201
    assert stage.world.clock.slept == []


def test_a_read_back_that_does_not_show_the_row_yet_is_no_loss(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """L-11: the host confirmed the creation."""
    monkeypatch.setattr(stage.world.host.lock_properties, "read", lambda *_, **__: ())
    assert stage.lock().status == 201
    assert stage.taps.calls["lock_properties.create"] == 1


def test_a_damaged_record_is_believed_to_be_damaged_after_a_second_look(stage: Stage) -> None:
    """L-06: a read may be stale; the same damage twice is not."""
    stage.lock()
    services, witness = stage.world.services, stage.held
    stage.world.site().put_lock_rows(stage.file.id)
    assert heal(services, ACME, stage.file.id, witness, priority=Priority.SWEEP)
    assert stage.world.clock.slept == [SECOND_LOOK]
    assert not heal(services, ACME, stage.file.id, witness, priority=Priority.SWEEP)
    assert stage.held.lock_id == witness.lock_id


def test_a_lock_over_a_record_that_is_not_obeyed_says_so(stage: Stage) -> None:
    """L-05: one row about what lay there."""
    row = stage.world.site().new_row(LOCK_KEY, {"state": "free"})
    stage.world.site().put_lock_rows(stage.file.id, row)
    stage.lock()
    rows = [(row.kind, row.detail) for row in stage.world.tables.audit_of(ACME)]
    assert rows == [(AuditKind.FLAGGED, "unreadable_unsigned"), (AuditKind.ACQUIRED, None)]


def test_a_lock_that_was_recorded_during_the_read_is_not_missed(stage: Stage) -> None:
    """I9: outsiders removed its record, and the witness was read before it began."""

    def locked_and_removed() -> None:
        stage.lock(BOB)
        stage.world.site().put_lock_rows(stage.file.id)

    stage.taps.after["witnesses.get", 1] = locked_and_removed
    assert stage.show().state is ViewState.OTHER
