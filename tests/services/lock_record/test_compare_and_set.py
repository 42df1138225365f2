"""The conditional write: its pauses, and the look that it promises."""

from __future__ import annotations

from datetime import timedelta
from typing import NoReturn

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Held
from lockpoint.services.context import Priority
from lockpoint.services.errors import Busy, Forbidden, GoneOrInvisible, LostRace, Rejected
from lockpoint.services.lock_record.compare_and_set import heal
from lockpoint.services.lock_record.file_state import SECOND_LOOK
from lockpoint.services.locks.lock_view import ViewState
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.confluence.site import LOCK_KEY
from tests.fakes.world import ACME, ALICE, BOB
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


@pytest.mark.parametrize(("seconds", "tries"), [(1, 2), (2, 1)])
def test_patience_ends_after_two_seconds(stage: Stage, seconds: int, tries: int) -> None:
    """F01: whoever waits hears of it."""

    def slowly() -> NoReturn:
        stage.world.clock.advance(seconds=seconds)
        raise LostRace("409")

    stage.taps.before["lock_properties.create", 0] = slowly
    refusal = refusal_of(stage.lock)
    assert isinstance(refusal, Busy)
    assert refusal.details == {"retryAfter": 2}
    assert stage.taps.calls["lock_properties.create"] == tries


@pytest.mark.parametrize(("seconds", "status"), [(5, 201), (6, None)])
def test_a_process_that_stopped_between_claim_and_write_writes_nothing(
    stage: Stage, seconds: int, status: int | None
) -> None:
    """I5: the guard's time would not cover its write."""
    stage.taps.after["guard.claim", 1] = lambda: stage.world.clock.advance(seconds=seconds)
    if status:
        assert stage.lock().status == status
    else:
        assert isinstance(refusal_of(stage.lock), Busy)
        assert not isinstance(stage.found, Held)


def test_an_unrecorded_lock_is_looked_for_when_no_request_can_land_any_more(stage: Stage) -> None:
    """F04: a minute and a half after it was promised."""
    stage.lock()
    (job,) = stage.jobs(JobKind.CONFIRM)
    assert job.delay == timedelta(seconds=90)


def test_a_record_that_may_not_be_written_is_not_tried(stage: Stage) -> None:
    """P-17: Confluence would answer as if the race were lost."""
    stage.lock()
    services, witness = stage.world.services, stage.held
    stage.world.site().put_lock_rows(stage.file.id)
    stage.world.site().pages[stage.file.container.id].restricted_to = {ALICE}
    with pytest.raises(GoneOrInvisible):
        heal(services, ACME, stage.file.id, witness, priority=Priority.SWEEP)
    stage.world.site().viewers.add(ALICE)
    with pytest.raises(Forbidden):
        heal(services, ACME, stage.file.id, witness, priority=Priority.SWEEP, person=ALICE)
    assert stage.taps.calls["lock_properties.create"] == 1
