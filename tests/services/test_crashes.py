"""F38: a crash before or after every port call of every journey; the sweep repairs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from lockpoint.domain.lock import Held
from lockpoint.services.errors import UseCaseError
from lockpoint.services.lock_record.record_effects import without_words
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.reconciliation.reconcile import reconcile
from tests.fakes.world import ACME, BOB, CHARLIE, DANA
from tests.services.stage import Stage, make_stage, one_row_for_each_record, untouched
from tests.services.taps import ProcessDied


@dataclass(frozen=True)
class Journey:
    """Initial state and call that may crash; `again`: the person's next action."""

    before: Callable[[Stage], str]
    call: Callable[[Stage, str], object]
    again: bool = True


def _nothing(_stage: Stage) -> str:
    return ""


def _locked(stage: Stage) -> str:
    lock_id = stage.lock().lock.lock_id
    assert lock_id is not None
    stage.ask(CHARLIE)
    return lock_id


def _free_again(stage: Stage) -> str:
    stage.release(_locked(stage))
    return ""


def _overwritten(stage: Stage) -> str:
    lock_id = _locked(stage)
    stage.upload(BOB, b"Bob's")
    return lock_id


def _run_out(stage: Stage) -> str:
    lock_id = _locked(stage)
    stage.world.clock.advance(hours=48, seconds=31)
    return lock_id


def _run_out_while_overwritten(stage: Stage) -> str:
    lock_id = _locked(stage)
    stage.upload(BOB, b"Bob's")
    stage.world.clock.advance(hours=48, seconds=31)
    return lock_id


def _until_upload(stage: Stage) -> str:
    lock_id = stage.lock(unlock_on_upload=True).lock.lock_id
    assert lock_id is not None
    stage.ask(CHARLIE)
    stage.upload(stage.held.holder, b"Alice's second")
    return lock_id


def _asked(stage: Stage) -> str:
    lock_id = _locked(stage)
    stage.request(lock_id, BOB, "please")
    return lock_id


def _asked_and_overwritten(stage: Stage) -> str:
    lock_id = _asked(stage)
    stage.upload(BOB, b"Bob's")
    return lock_id


def _garbled(stage: Stage) -> str:
    lock_id = _locked(stage)
    stage.world.site().put_lock_rows(stage.file.id)
    return lock_id


KEY = "request-of-the-journey"
JOURNEYS = {
    "acquire": Journey(_nothing, lambda s, _: s.lock(key=s.key(KEY), note="mine")),
    "acquire_over_a_tombstone": Journey(_free_again, lambda s, _: s.lock(key=s.key(KEY))),
    "extend": Journey(_locked, lambda s, lock: s.extend(lock, key=s.key(KEY), hours=72)),
    "release": Journey(_locked, lambda s, lock: s.release(lock, key=s.key(KEY))),
    "release_of_an_overwritten_file": Journey(_overwritten, lambda s, lock: s.release(lock, key=s.key(KEY))),
    "break": Journey(_locked, lambda s, lock: s.break_(lock, DANA, key=s.key(KEY))),
    "take_over": Journey(_locked, lambda s, lock: s.take_over(lock, DANA, key=s.key(KEY))),
    "request": Journey(_locked, lambda s, lock: s.request(lock, BOB, key=s.key(KEY))),
    "cancel_request": Journey(_asked, lambda s, lock: s.cancel_request(lock, BOB, key=s.key(KEY))),
    "decline": Journey(_asked, lambda s, lock: s.decline(lock, BOB, key=s.key(KEY))),
    "hand_over": Journey(_asked, lambda s, lock: s.hand_over(lock, key=s.key(KEY))),
    "hand_over_by_a_manager": Journey(_asked, lambda s, lock: s.hand_over(lock, BOB, DANA, "away", key=s.key(KEY))),
    "hand_over_of_an_overwritten_file": Journey(
        _asked_and_overwritten, lambda s, lock: s.hand_over(lock, key=s.key(KEY))
    ),
    "release_of_a_file_that_is_asked_for": Journey(_asked, lambda s, lock: s.release(lock, key=s.key(KEY))),
    "acquire_after_expiry": Journey(_run_out, lambda s, _: s.lock(BOB, key=s.key(KEY))),
    "restore": Journey(_overwritten, lambda s, _: reconcile(s.world.services, ACME, s.file.id), again=False),
    "expire": Journey(_run_out, lambda s, _: reconcile(s.world.services, ACME, s.file.id), again=False),
    "expire_overwritten": Journey(
        _run_out_while_overwritten, lambda s, _: reconcile(s.world.services, ACME, s.file.id), again=False
    ),
    "unlock_on_upload": Journey(_until_upload, lambda s, _: reconcile(s.world.services, ACME, s.file.id), again=False),
    "heal": Journey(_garbled, lambda s, _: reconcile(s.world.services, ACME, s.file.id), again=False),
}


def _play(journey: Journey, point: int | None = None, *, before: bool = False) -> tuple[Stage, str]:
    """Play the journey up to the crash (None: no crash)."""
    stage = make_stage()
    lock_id = journey.before(stage)
    stage.run_jobs()
    stage.taps.clear()
    if point is not None:
        stage.taps.die_before, stage.taps.die_after = (point, None) if before else (None, point)
    try:
        journey.call(stage, lock_id)
        assert point is None, "the process did not die"
    except ProcessDied:
        stage.taps.die_before = stage.taps.die_after = None
    return stage, lock_id


def _recover(stage: Stage) -> None:
    """Let time pass; other processes run the queue and sweep."""
    stage.world.clock.advance(minutes=3)
    stage.run_jobs(also_later=True)
    stage.sweep()
    stage.run_jobs(also_later=True)


def _consistent(stage: Stage) -> None:
    """Check that record, witness, audit and content agree."""
    record = stage.found
    witness = stage.world.tables.witnesses.get((ACME.id, stage.file.id))
    assert one_row_for_each_record(stage)
    if stage.stored_records():
        assert witness is not None
        assert isinstance(record, type(witness.record))
        assert without_words(record) == witness.record
    conflicts = [row for row in stage.world.tables.audit_of(ACME) if row.kind == "conflict"]
    assert len({(row.at, row.version) for row in conflicts}) == len(conflicts)
    assert untouched(stage)


@pytest.mark.parametrize("name", JOURNEYS)
def test_without_a_retry_everything_is_consistent_after_one_sweep(name: str) -> None:
    """S7, I16."""
    whole, _ = _play(JOURNEYS[name])
    for point in range(1, len(whole.taps.order) + 1):
        for before in (True, False):
            stage, _ = _play(JOURNEYS[name], point, before=before)
            _recover(stage)
            _consistent(stage)
            if not isinstance(stage.found, Held):
                told = [m for m in stage.mails() if m[:2] == ("file_available", CHARLIE)]
                asked = bool(stage.stored_records()) and name != "acquire"
                assert len(told) == asked


@pytest.mark.parametrize("name", [name for name, journey in JOURNEYS.items() if journey.again])
def test_a_retry_with_the_same_request_id_ends_like_no_crash(name: str) -> None:
    """L-12: one effect, same mails."""
    whole, lock_id = _play(JOURNEYS[name])
    points = len(whole.taps.order)
    expected = JOURNEYS[name].call(whole, lock_id)
    _recover(whole)
    for point in range(1, points + 1):
        for before in (True, False):
            _retry(name, point, before, whole, expected)


def _retry(name: str, point: int, before: bool, whole: Stage, expected: object) -> None:
    journey = JOURNEYS[name]
    stage, lock_id = _play(journey, point, before=before)
    stage.world.clock.advance(seconds=61)
    try:
        answer = journey.call(stage, lock_id)
    except UseCaseError as refusal:
        raise AssertionError(f"{name} at {point}: {refusal}") from refusal
    _recover(stage)
    _consistent(stage)
    assert answer.status == expected.status
    assert [(type(r), r.ended and r.ended.reason) for r in stage.stored_records()] == [
        (type(r), r.ended and r.ended.reason) for r in whole.stored_records()
    ]
    assert stage.mails() == whole.mails()
    assert stage.content == whole.content


@pytest.mark.parametrize("name", [name for name, journey in JOURNEYS.items() if not journey.again])
def test_work_of_the_worker_ends_like_no_crash(name: str) -> None:
    """I11, I13: at most one more identical version, and no mail."""
    whole, _ = _play(JOURNEYS[name])
    points = len(whole.taps.order)
    _recover(whole)
    for point in range(1, points + 1):
        for before in (True, False):
            stage, _ = _play(JOURNEYS[name], point, before=before)
            _recover(stage)
            assert stage.content == whole.content
            assert stage.mails() == whole.mails()
            assert [type(r) for r in stage.stored_records()] == [type(r) for r in whole.stored_records()]
            assert len(stage.file.versions) == len(whole.file.versions)
            assert not stage.jobs(JobKind.RECONCILE)
