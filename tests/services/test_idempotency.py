"""One effect per request id."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Absent, Free
from lockpoint.services.errors import (
    AlreadyLockedError,
    Busy,
    EndingError,
    HostUnavailable,
    InProgress,
    LockLostError,
    LostRace,
    NotAllowed,
    OutOfDateError,
    RequestReused,
    StorageUnavailable,
)
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.world import ALICE, BOB, CHARLIE, DANA
from tests.services.stage import Stage, one_row_for_each_record, refusal_of


def _lose_the_answer() -> None:
    raise HostUnavailable("time-out")


def test_the_same_request_has_one_effect(stage: Stage) -> None:
    """L-12, I8."""
    key = stage.key()
    first, second = stage.lock(key=key), stage.lock(key=key)
    assert (first.status, second.status) == (201, 201)
    assert first.lock.lock_id == second.lock.lock_id
    assert stage.audit() == [AuditKind.ACQUIRED]


def test_another_body_under_the_same_id_is_refused(stage: Stage) -> None:
    """L-12: 422."""
    stage.lock(key=stage.key("one-request-id-000", "one"))
    assert isinstance(refusal_of(stage.lock, key=stage.key("one-request-id-000", "two")), RequestReused)


def test_request_ids_are_each_persons_own(stage: Stage) -> None:
    """Unique (tenant, account, id)."""
    key = stage.key()
    stage.lock(key=key)
    assert isinstance(refusal_of(stage.lock, BOB, key=key), AlreadyLockedError)


def test_a_running_twin_is_told_so(stage: Stage) -> None:
    """409."""
    key = stage.key()
    twins: list[object] = []
    stage.taps.before["lock_properties.create", 1] = lambda: twins.append(refusal_of(stage.lock, key=key))
    assert stage.lock(key=key).status == 201
    assert [type(twin) for twin in twins] == [InProgress]


def test_a_lost_answer_is_recognised(stage: Stage) -> None:
    """E1, F02: the PUT was applied, its answer lost."""
    stage.taps.after["lock_properties.create", 1] = _lose_the_answer
    assert stage.lock().status == 201
    assert stage.held.seq == 1
    assert one_row_for_each_record(stage)


def test_a_write_that_was_not_applied_is_tried_again(stage: Stage) -> None:
    """F03: the second try wins."""
    stage.taps.before["lock_properties.create", 1] = _lose_the_answer
    assert stage.lock().status == 201


def test_nobody_knows_is_an_answer_and_asking_again_is_safe(stage: Stage) -> None:
    """L-11, I3: "unknown" is the only other answer; the repeat uses the same ids."""
    key = stage.key()
    stage.taps.after["lock_properties.create", 1] = _lose_the_answer
    stage.taps.before["attachments.get", 0] = lambda: _away_after_the_first(stage)
    refusal = refusal_of(stage.lock, key=key)
    assert isinstance(refusal, Busy)
    stage.taps.before.clear()
    assert stage.lock(key=key).status == 201
    assert stage.held.seq == 1
    assert stage.audit() == [AuditKind.ACQUIRED]


def _away_after_the_first(stage: Stage) -> None:
    if stage.taps.calls["attachments.get"] > 1:
        raise HostUnavailable("time-out")


def test_a_late_write_is_the_callers_lock(stage: Stage) -> None:
    """E2b, F04: it lands after a 503; the sweep writes the row."""
    landed: list[object] = []
    create = stage.world.host.lock_properties.create

    def late(*args: object, **kwargs: object) -> None:
        landed.append((args, kwargs))
        raise HostUnavailable("time-out")

    stage.world.host.lock_properties.create = late
    assert isinstance(refusal_of(stage.lock), Busy)
    args, kwargs = landed[0]
    create(*args, **kwargs)
    stage.world.host.lock_properties.create = create
    assert stage.audit() == []
    stage.run_jobs(JobKind.CONFIRM, also_later=True)
    assert stage.show().state.value == "mine"
    assert [row.lock.state.value for row in stage.rows()] == ["mine"]
    assert [(r.kind, r.recovered) for r in stage.world.tables.audit_of(stage.world.actor(ALICE).tenant)] == [
        (AuditKind.ACQUIRED, True)
    ]


def test_a_late_write_after_somebody_else_took_it_is_refused(stage: Stage) -> None:
    """E2, F04: 30 s later: 409."""
    lock_id = stage.lock(DANA).lock.lock_id or ""
    stage.release(lock_id, DANA)
    landed: list[object] = []
    replace = stage.world.host.lock_properties.replace

    def late(*args: object, **kwargs: object) -> None:
        landed.append((args, kwargs))
        raise HostUnavailable("time-out")

    key = stage.key()
    stage.world.host.lock_properties.replace = late
    assert isinstance(refusal_of(stage.lock, key=key), Busy)
    stage.world.host.lock_properties.replace = replace
    stage.lock(BOB)
    args, kwargs = landed[0]
    with pytest.raises(LostRace):
        replace(*args, **kwargs)
    refusal = refusal_of(stage.lock, key=key)
    assert isinstance(refusal, AlreadyLockedError)
    assert refusal.details["lock"].holder.account_id == BOB
    assert stage.held.holder == BOB


def test_a_guard_stays_after_a_time_out(stage: Stage) -> None:
    """A timed-out POST keeps the guard for 60 s, longer than any request lives."""
    stage.taps.before["lock_properties.create", 0] = _lose_the_answer
    assert isinstance(refusal_of(stage.lock), Busy)
    stage.taps.before.clear()
    assert isinstance(refusal_of(stage.lock, BOB), Busy)
    assert isinstance(stage.found, Absent)
    stage.world.clock.advance(seconds=61)
    assert stage.lock(BOB).status == 201


def test_a_record_that_came_and_was_deleted_meanwhile_is_not_overwritten(stage: Stage) -> None:
    """I2: under the guard the witness is read again: Bob's lock, removed by outsiders, is healed."""

    def bob_and_outsider() -> None:
        stage.lock(BOB)
        stage.world.site().put_lock_rows(stage.file.id)

    stage.taps.before["guard.claim", 1] = bob_and_outsider
    refusal = refusal_of(stage.lock)
    assert isinstance(refusal, AlreadyLockedError)
    assert stage.held.holder == BOB


def test_refusals_are_repeated_with_the_lock_as_it_is(stage: Stage) -> None:
    """L-12, L-10: the body is rebuilt, since notes and names are not stored."""
    stage.lock(BOB, note="Bob's note")
    key = stage.key()
    for _ in range(2):
        refusal = refusal_of(stage.lock, key=key)
        assert isinstance(refusal, AlreadyLockedError)
        assert refusal.details["lock"].note == "Bob's note"
    stage.world.site().viewers.add(CHARLIE)
    key = stage.key()
    for _ in range(2):
        assert isinstance(refusal_of(stage.lock, CHARLIE, key=key), NotAllowed)


def test_an_out_of_date_refusal_is_repeated_with_the_newest_version(stage: Stage) -> None:
    """L-12, L-13: with author and date."""
    stage.upload(BOB, b"newer")
    key = stage.key()
    for _ in range(2):
        refusal = refusal_of(stage.lock, key=key, seen_version=1)
        assert isinstance(refusal, OutOfDateError)
        assert refusal.details["author"] == BOB


def test_lost_is_repeated(stage: Stage) -> None:
    """L-12: with the present state."""
    stage.lock(BOB)
    key = stage.key()
    for _ in range(2):
        refusal = refusal_of(stage.release, "f" * 32, key=key)
        assert isinstance(refusal, LockLostError)
        assert refusal.details["lock"].holder.account_id == BOB


def test_what_passes_by_itself_may_be_asked_again(stage: Stage) -> None:
    """L-30: `ending` is not final."""
    stage.lock()
    stage.world.clock.advance(hours=48)
    key = stage.key()
    assert isinstance(refusal_of(stage.lock, BOB, key=key), EndingError)
    stage.world.clock.advance(seconds=31)
    assert stage.lock(BOB, key=key).status == 201


def test_a_late_retry_never_revives_a_lock(stage: Stage) -> None:
    """I7."""
    key = stage.key()
    lock_id = stage.lock(key=key).lock.lock_id or ""
    stage.release(lock_id)
    assert stage.lock(key=key).status == 201
    assert isinstance(stage.found, Free)


def test_a_database_that_went_away_after_the_write_is_caught_up(stage: Stage) -> None:
    """F33: 503; the repeat finds its own write."""
    key = stage.key()
    stage.taps.before["effects.record", 1] = lambda: setattr(stage.world.tables, "down", True)
    with pytest.raises(StorageUnavailable):
        stage.lock(key=key)
    stage.world.tables.down = False
    stage.world.clock.advance(seconds=61)
    assert stage.lock(key=key).status == 201
    assert stage.held.seq == 1
    assert one_row_for_each_record(stage)


def test_a_transaction_whose_answer_was_lost_is_repeated_without_harm(stage: Stage) -> None:
    """F34: unique keys."""

    def lost() -> None:
        raise StorageUnavailable("connection reset")

    key = stage.key()
    stage.taps.after["effects.record", 1] = lost
    with pytest.raises(StorageUnavailable):
        stage.lock(key=key)
    assert stage.lock(key=key).status == 201
    assert stage.audit() == [AuditKind.ACQUIRED]
