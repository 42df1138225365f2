"""Acquiring a file whose lock ends, is over, changes meanwhile or cannot be read."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import SCHEMA, Absent, Subject
from lockpoint.domain.signed_json import sign
from lockpoint.domain.signed_record import record_place
from lockpoint.services.errors import AlreadyLockedError, Busy, EndingError, LostRace, StorageUnavailable
from lockpoint.services.locks.lock_view import ViewState
from lockpoint.services.ports.confluence import StoredProperty
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, KEYS
from tests.services.stage import Stage, refusal_of


def test_ending_is_not_yet_to_be_had(stage: Stage) -> None:
    """L-30: for δ from expires_at."""
    stage.lock()
    stage.world.clock.advance(hours=48)
    refusal = refusal_of(stage.lock, BOB)
    assert isinstance(refusal, EndingError)
    assert refusal.details["retryAfter"] == 30
    stage.world.clock.advance(seconds=30)
    assert stage.lock(BOB).status == 201


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(-31, "other"), (-1, "other"), (0, "ending"), (1, "ending"), (29, "ending"), (30, "free"), (31, "free")],
)
def test_the_boundaries_of_the_end(stage: Stage, seconds: int, state: str) -> None:
    """E42: δ is 30 s."""
    stage.lock()
    stage.world.clock.advance(hours=48, seconds=seconds)
    assert stage.show(BOB).state.value == state
    got = "free" if not isinstance(answer := _try(stage, BOB), Exception) else answer.code
    assert got == {"other": "already_locked", "ending": "ending", "free": "free"}[state]


def _try(stage: Stage, who: str) -> object:
    try:
        return stage.lock(who)
    except (AlreadyLockedError, EndingError) as refusal:
        return refusal


def test_an_expired_lock_gets_its_proper_end_first(stage: Stage) -> None:
    """L-30, L-26: the file is free before any job ran."""
    stage.lock()
    stage.ask(CHARLIE)
    stage.world.clock.advance(hours=49)
    assert stage.lock(BOB).status == 201
    assert stage.mails() == [
        (MailKind.FILE_AVAILABLE, CHARLIE, None),
        (MailKind.LOCK_ENDED, ALICE, "expired"),
    ]
    assert stage.audit() == [AuditKind.ACQUIRED, AuditKind.EXPIRED, AuditKind.ACQUIRED]


def test_a_lock_that_expires_in_the_middle_of_the_call_is_told_to_its_holder(stage: Stage) -> None:
    """L-30: the lock is taken over without tombstone."""
    stage.lock()
    stage.world.clock.advance(hours=48, seconds=29)
    stage.taps.after["people.container", stage.taps.calls["people.container"] + 1] = lambda: stage.world.clock.advance(
        seconds=2
    )
    assert stage.lock(BOB).status == 201
    assert (MailKind.LOCK_ENDED, ALICE, "expired") in stage.mails()


def test_conflicts_without_end_are_answered_with_busy(stage: Stage) -> None:
    """F01: 503 within 2 s, at most four rounds."""

    def lost() -> None:
        raise LostRace("409")

    stage.taps.before["lock_properties.create", 0] = lost
    refusal = refusal_of(stage.lock)
    assert isinstance(refusal, Busy)
    assert refusal.details["retryAfter"]
    assert stage.taps.calls["lock_properties.create"] == 4
    assert sum(stage.world.clock.slept) <= 2


def test_one_conflict_is_tried_again(stage: Stage) -> None:
    """F01."""

    def lost() -> None:
        raise LostRace("409")

    stage.taps.before["lock_properties.create", 1] = lost
    assert stage.lock().status == 201


def test_nothing_is_written_while_the_database_is_away(stage: Stage) -> None:
    """S10: no unrecorded lock."""
    stage.taps.before["jobs.defer", 1] = lambda: setattr(stage.world.tables, "down", True)
    with pytest.raises(StorageUnavailable):
        stage.lock()
    stage.world.tables.down = False
    assert isinstance(stage.found, Absent)


def test_a_lock_that_began_unnoticed_is_searched_for(stage: Stage) -> None:
    """S7: a check is queued before the write: every record has its row within 15 minutes, even after a crash."""
    stage.taps.before["lock_properties.create", 1] = lambda: _promised(stage)
    stage.lock()
    stage.taps.clear()
    stage.run_jobs(JobKind.CONFIRM, also_later=True)
    assert stage.taps.host_calls() == []


def _promised(stage: Stage) -> None:
    assert [job.subject.partition(":")[0] for job in stage.jobs(JobKind.CONFIRM)] == [stage.file.id]


def test_a_newer_apps_record_is_never_overwritten(stage: Stage) -> None:
    """§3."""
    body = {"schema": SCHEMA + 1, "seq": 1, "state": "held"}
    signed = sign(body, record_place(Subject(ACME.site_key, stage.file.id)), KEYS)
    row = StoredProperty("5", 1, signed, key="lockpointlock")
    stage.world.site().put_lock_rows(stage.file.id, row)
    refusal = refusal_of(stage.lock)
    assert isinstance(refusal, AlreadyLockedError)
    assert refusal.details["lock"].state is ViewState.OTHER
    assert stage.world.site().lock_rows(stage.file.id) == (row,)
    stage.reconcile()
    assert stage.world.site().lock_rows(stage.file.id) == (row,)
