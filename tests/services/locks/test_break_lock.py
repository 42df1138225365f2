"""Managers end or take over others' locks."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import EndReason
from lockpoint.services.errors import AppBlocked, Invalid, LockLostError, NotAllowed, NotFound, TooMany
from lockpoint.services.locks.lock_view import ViewState
from tests.fakes.world import ALICE, BOB, CHARLIE, DANA, SAM
from tests.services.stage import Stage, one_row_for_each_record, refusal_of


@pytest.mark.parametrize("who", [DANA, SAM])
def test_managers_end_anothers_lock_and_the_holder_is_told(stage: Stage, who: str) -> None:
    """P-03, L-21."""
    lock_id = stage.lock().lock.lock_id or ""
    answer = stage.break_(lock_id, who, why="release day")
    assert answer.lock.state is ViewState.FREE
    ended = stage.tombstone.ended
    assert (ended.reason, ended.by, ended.why, ended.holder) == (EndReason.BROKEN, who, "release day", ALICE)
    assert stage.mails() == [(MailKind.LOCK_ENDED_BY_OTHER, ALICE, "broken")]
    assert stage.audit() == [AuditKind.ACQUIRED, AuditKind.BROKEN]
    assert stage.world.tables.audit_of(stage.world.actor(who).tenant)[-1].account == who


@pytest.mark.parametrize("who", [BOB, CHARLIE])
def test_others_may_not(stage: Stage, who: str) -> None:
    lock_id = stage.lock().lock.lock_id or ""
    assert isinstance(refusal_of(stage.break_, lock_id, who), NotAllowed)
    assert isinstance(refusal_of(stage.take_over, lock_id, who), NotAllowed)
    assert stage.held.lock_id == lock_id


def test_a_manager_who_does_not_see_the_page_finds_nothing(stage: Stage) -> None:
    """L-63: also for admins."""
    lock_id = stage.lock().lock.lock_id or ""
    site = stage.world.site()
    site.pages[stage.file.container.id].restricted_to = {ALICE, site.app_account}
    assert isinstance(refusal_of(stage.break_, lock_id, DANA), NotFound)


def test_ones_own_lock_is_released_not_broken(stage: Stage) -> None:
    """I23: in flags and calls."""
    lock_id = stage.lock(DANA).lock.lock_id or ""
    view = stage.show(DANA)
    assert not view.can.break_
    assert not view.can.take_over
    assert isinstance(refusal_of(stage.break_, lock_id, DANA), Invalid)
    assert isinstance(refusal_of(stage.take_over, lock_id, DANA), Invalid)


def test_a_wrong_lock_id_breaks_nothing(stage: Stage) -> None:
    """L-03: lock_lost with the present state."""
    stage.lock()
    for call in (stage.break_, stage.take_over):
        refusal = refusal_of(call, "0" * 31 + "9", DANA)
        assert isinstance(refusal, LockLostError)
        assert refusal.details["lock"].holder.account_id == ALICE


def test_taking_over_is_one_write(stage: Stage) -> None:
    """L-22: no third person can lock in between; the old holder is told."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.taps.clear()
    answer = stage.take_over(lock_id, DANA, note="mine now")
    assert answer.status == 201
    assert stage.taps.calls["lock_properties.replace"] == 1
    assert answer.lock.lock_id not in {None, lock_id}
    assert stage.held.holder == DANA
    assert stage.held.ended is not None
    assert stage.held.ended.lock_id == lock_id
    assert stage.mails() == [(MailKind.LOCK_ENDED_BY_OTHER, ALICE, "taken_over")]
    assert stage.audit() == [AuditKind.ACQUIRED, AuditKind.TAKEN_OVER]


def test_its_repetition_is_answered_alike(stage: Stage) -> None:
    """I8: 201 both times."""
    lock_id = stage.lock().lock.lock_id or ""
    key = stage.key()
    assert stage.take_over(lock_id, DANA, key=key).status == 201
    assert stage.take_over(lock_id, DANA, key=key).status == 201
    assert stage.audit() == [AuditKind.ACQUIRED, AuditKind.TAKEN_OVER]


def test_those_who_asked_go_on_waiting_through_a_take_over(stage: Stage) -> None:
    """P-10: its end notifies."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.ask(CHARLIE)
    new = stage.take_over(lock_id, DANA).lock.lock_id or ""
    assert MailKind.FILE_AVAILABLE not in {m[0] for m in stage.mails()}
    stage.release(new, DANA)
    assert (MailKind.FILE_AVAILABLE, CHARLIE, None) in stage.mails()


def test_the_reason_stays_with_the_file_until_the_next_end(stage: Stage) -> None:
    """Amendment 5: the next held record carries `ended`."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.take_over(lock_id, DANA, why="hand it over")
    last = stage.show().last_ended
    assert last is not None
    assert last.by is not None
    assert (last.reason, last.by.account_id, last.why) == ("taken_over", DANA, "hand it over")


def test_a_take_over_protects_the_settled_head(stage: Stage) -> None:
    """The base is the protected head; Bob's pending overwrite is undone first."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.upload(BOB, b"Bob's")
    stage.take_over(lock_id, DANA)
    assert stage.content == b"first"
    assert stage.held.base.created == stage.file.versions[-1].created
    stage.world.clock.advance(minutes=1)
    stage.upload(ALICE, b"Alice's, too late")
    stage.sweep()
    assert stage.content == b"first"


def test_the_old_holders_last_upload_is_protected_by_a_take_over(stage: Stage) -> None:
    """L-42: even if unread before."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.upload(ALICE, b"Alice's second")
    stage.take_over(lock_id, DANA)
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.sweep()
    assert stage.content == b"Alice's second"


def test_taking_over_needs_edit_permission_of_person_and_app(stage: Stage) -> None:
    """L-15: every lock can protect."""
    lock_id = stage.lock().lock.lock_id or ""
    site = stage.world.site()
    site.viewers.add(DANA)
    assert isinstance(refusal_of(stage.take_over, lock_id, DANA), NotAllowed)
    site.viewers = {site.app_account}
    assert isinstance(refusal_of(stage.take_over, lock_id, DANA), AppBlocked)


def test_the_cap_counts_for_take_overs(stage: Stage) -> None:
    """L-17."""
    object.__setattr__(stage.world.services, "locks_per_person", 1)
    lock_id = stage.lock().lock.lock_id or ""
    stage.lock(DANA, file=stage.world.add_file())
    assert isinstance(refusal_of(stage.take_over, lock_id, DANA), TooMany)


def test_breaking_what_has_ended_is_no_error_and_tells_nobody(stage: Stage) -> None:
    """E4."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.release(lock_id)
    assert stage.break_(lock_id, DANA).status == 200
    assert stage.mails() == []
    assert one_row_for_each_record(stage)


def test_an_extension_and_a_take_over_at_once(stage: Stage) -> None:
    """E5: `seq` decides; the loser learns the state."""
    lock_id = stage.lock().lock.lock_id or ""
    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = lambda: stage.extend(lock_id)
    assert stage.take_over(lock_id, DANA).status == 201
    assert isinstance(refusal_of(stage.extend, lock_id), LockLostError)
    assert one_row_for_each_record(stage)
