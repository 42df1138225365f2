"""The holder extends and releases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import EndReason
from lockpoint.services.errors import Busy, Invalid, LockLostError, LostRace, NotAllowed, NotFound
from lockpoint.services.locks.lock_view import ViewState
from tests.fakes.world import ALICE, BOB, CHARLIE, DANA, START
from tests.services.stage import Stage, one_row_for_each_record, refusal_of

OTHER = "f" * 32


def test_the_holder_ends_the_lock(stage: Stage) -> None:
    """P-02: the record stays as a tombstone."""
    lock_id = stage.lock().lock.lock_id or ""
    answer = stage.release(lock_id)
    assert (answer.status, answer.lock.state) == (200, ViewState.FREE)
    assert (stage.tombstone.ended.reason, stage.tombstone.ended.by) == (EndReason.RELEASED, ALICE)
    assert stage.mails() == []
    assert one_row_for_each_record(stage)


def test_a_release_of_an_untouched_file_is_cheap(stage: Stage) -> None:
    """Published cost: two reads, one read as the person, one write."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.taps.clear()
    stage.release(lock_id)
    assert stage.taps.points() <= 7


def test_ending_it_twice_is_no_error(stage: Stage) -> None:
    """L-23, I7: a release answered 200 stays true."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.release(lock_id)
    key = stage.key()
    assert stage.release(lock_id, key=key).status == 200
    assert stage.release(lock_id, key=key).status == 200
    assert stage.audit() == [AuditKind.ACQUIRED, AuditKind.RELEASED]


def test_ending_it_after_it_ran_out_is_no_error(stage: Stage) -> None:
    """L-23."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.world.clock.advance(hours=49)
    assert stage.release(lock_id).status == 200
    stage.sweep()
    assert stage.release(lock_id).status == 200


def test_ending_it_after_a_break_says_who_and_why(stage: Stage) -> None:
    """L-23."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.break_(lock_id, DANA, why="Alice is away")
    refusal = refusal_of(stage.release, lock_id)
    assert isinstance(refusal, LockLostError)
    last = refusal.details["lock"].last_ended
    assert (last.reason, last.by.account_id, last.why, last.at) == ("broken", DANA, "Alice is away", START)


def test_a_stale_tab_cannot_end_or_extend_a_successors_lock(stage: Stage) -> None:
    """L-25, L-03: the lock id names one lock."""
    old = stage.lock().lock.lock_id or ""
    stage.release(old)
    stage.lock()
    for call in (stage.extend, stage.release):
        refusal = refusal_of(call, OTHER)
        assert isinstance(refusal, LockLostError)
        assert refusal.details["lock"].state is ViewState.MINE
    assert isinstance(refusal_of(stage.extend, old), LockLostError)
    assert stage.held.holder == ALICE


def test_nobody_else_ends_or_extends_it(stage: Stage) -> None:
    """L-03."""
    lock_id = stage.lock().lock.lock_id or ""
    assert isinstance(refusal_of(stage.release, lock_id, BOB), LockLostError)
    assert isinstance(refusal_of(stage.extend, lock_id, BOB), LockLostError)


def test_extending_counts_from_now(stage: Stage) -> None:
    """L-31: bounded by the longest life."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.world.clock.advance(hours=10)
    answer = stage.extend(lock_id, hours=48)
    assert answer.status == 200
    assert stage.held.expires_at == START + timedelta(hours=58)
    assert isinstance(refusal_of(stage.extend, lock_id, hours=721), Invalid)


def test_an_extension_that_lost_to_a_break_says_so(stage: Stage) -> None:
    """L-31, E5: `seq` decides."""
    lock_id = stage.lock().lock.lock_id or ""
    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = lambda: stage.break_(lock_id, DANA)
    refusal = refusal_of(stage.extend, lock_id)
    assert isinstance(refusal, LockLostError)
    assert refusal.details["lock"].last_ended.reason == "broken"
    assert one_row_for_each_record(stage)


def test_an_extension_that_came_too_late(stage: Stage) -> None:
    """E3: Alice's lock expires between read and write, and Bob acquires."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.world.clock.advance(hours=47, minutes=59)

    def bob() -> None:
        stage.world.clock.advance(minutes=2)
        stage.lock(BOB)

    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = bob
    key = stage.key()
    assert isinstance(refusal_of(stage.extend, lock_id, key=key), Busy)  # two seconds have passed
    refusal = refusal_of(stage.extend, lock_id, key=key)
    assert isinstance(refusal, LockLostError)
    assert refusal.details["lock"].holder.account_id == BOB


def test_release_and_break_at_once_leave_one_tombstone(stage: Stage) -> None:
    """E4."""
    lock_id = stage.lock().lock.lock_id or ""
    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = lambda: stage.release(lock_id)
    assert stage.break_(lock_id, DANA).status == 200
    assert stage.tombstone.ended.reason is EndReason.RELEASED
    assert stage.audit() == [AuditKind.ACQUIRED, AuditKind.RELEASED]


def test_who_lost_edit_permission_cannot_extend_but_may_release(stage: Stage) -> None:
    """E36."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.world.site().viewers.add(ALICE)
    assert isinstance(refusal_of(stage.extend, lock_id), NotAllowed)
    assert not stage.show().can.extend
    assert stage.show().can.release
    assert stage.release(lock_id).status == 200


def test_who_lost_view_permission_may_release(stage: Stage) -> None:
    """L-20: for other strangers the file is not found."""
    lock_id = stage.lock().lock.lock_id or ""
    site = stage.world.site()
    site.pages[stage.file.container.id].restricted_to = {DANA, site.app_account}
    assert isinstance(refusal_of(stage.release, lock_id, BOB), NotFound)
    assert stage.release(lock_id).status == 200
    assert stage.release(lock_id).status == 200


def test_a_pending_overwrite_is_undone_before_the_release(stage: Stage) -> None:
    lock_id = stage.lock().lock.lock_id or ""
    stage.upload(BOB, b"Bob's")
    stage.release(lock_id)
    assert stage.content == b"first"
    assert stage.tombstone.ended.pending == ()


def test_what_cannot_be_undone_is_named_in_the_tombstone(stage: Stage) -> None:
    """The holder is told."""
    stage.world.site().restore_refused = True
    lock_id = stage.lock().lock.lock_id or ""
    stage.upload(BOB, b"Bob's")
    stage.release(lock_id)
    assert stage.tombstone.ended.pending == (stage.file.versions[1].created,)
    assert (MailKind.OVERWRITE_ATTEMPT, ALICE, "not_undone") in stage.mails()
    assert stage.content == b"Bob's"


def test_a_host_that_does_not_answer_does_not_stop_a_release(stage: Stage) -> None:
    """An overwrite that cannot be read is pending."""
    lock_id = stage.lock().lock.lock_id or ""

    def away() -> None:
        raise LostRace("odd")

    stage.upload(BOB, b"Bob's")
    stage.taps.before["attachments.version", 1] = away
    stage.release(lock_id)
    assert stage.tombstone.ended.pending == (stage.file.versions[1].created,)


def test_the_holders_own_upload_is_no_overwrite(stage: Stage) -> None:
    """P-05."""
    lock_id = stage.lock().lock.lock_id or ""

    def away() -> None:
        raise LostRace("odd")

    stage.upload(ALICE, b"second")
    stage.taps.before["attachments.version", 1] = away
    stage.release(lock_id)
    assert stage.tombstone.ended.pending == ()
    assert stage.content == b"second"


@pytest.mark.parametrize("why", ["released", "expired", "broken"])
def test_everybody_who_asked_is_told_once_on_every_kind_of_end(stage: Stage, why: str) -> None:
    """L-26, P-10."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.ask(CHARLIE)
    stage.ask(BOB)
    if why == "released":
        stage.release(lock_id)
    elif why == "broken":
        stage.break_(lock_id, DANA)
    else:
        stage.world.clock.advance(hours=49)
        stage.sweep()
    stage.run_jobs()
    told = [m[1] for m in stage.mails() if m[0] is MailKind.FILE_AVAILABLE]
    assert told == sorted([BOB, CHARLIE])
    stage.release(stage.lock().lock.lock_id or "")
    assert [m[1] for m in stage.mails() if m[0] is MailKind.FILE_AVAILABLE] == told
