"""P-11: the lock moves to who asked for it, in one write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.lock import EndReason, Held
from lockpoint.domain.settings import SpaceSettings
from lockpoint.services.errors import (
    AppBlocked,
    HostUnavailable,
    Invalid,
    LockLostError,
    NotAllowed,
    RequestReused,
    TooMany,
)
from lockpoint.services.locks.lock_view import ViewState
from lockpoint.services.tenancy import space_settings
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, SAM
from tests.services.stage import Stage, make_stage, one_row_for_each_record, refusal_of, untouched


@pytest.fixture
def lock_id(stage: Stage) -> str:
    lock_id = stage.lock(note="mine", unlock_on_upload=True).lock.lock_id or ""
    stage.request(lock_id, BOB, "please")
    return lock_id


def test_the_lock_moves_in_one_write(stage: Stage, lock_id: str) -> None:
    """L-22, lock-semantics §4: new lock id, base is the head, no moment for a third person; the new holder is told."""
    stage.world.clock.advance(minutes=5)
    stage.upload(ALICE, b"second")
    records = len(stage.stored_records())
    answer = stage.hand_over(lock_id)
    held = stage.held
    assert (answer.status, answer.lock.state, answer.lock.lock_id) == (200, ViewState.OTHER, held.lock_id)
    assert len(stage.stored_records()) == records + 1
    assert (held.holder, held.note, held.unlock_on_upload, held.kind) == (BOB, None, False, AuditKind.HANDED_OVER)
    assert held.lock_id != lock_id
    assert held.base.number == 2
    assert held.ended is not None
    assert (held.ended.reason, held.ended.by, held.ended.holder) == (EndReason.HANDED_OVER, ALICE, ALICE)
    assert stage.mails() == [(MailKind.EDIT_ANSWER, BOB, "handed_over"), (MailKind.EDIT_REQUEST, ALICE, None)]
    assert stage.show(BOB).state is ViewState.MINE
    assert one_row_for_each_record(stage)


def test_the_new_holder_is_protected_and_the_old_one_is_not(stage: Stage, lock_id: str) -> None:
    """L-40, L-42: from that write on."""
    stage.hand_over(lock_id)
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    stage.world.clock.advance(minutes=1)
    stage.upload(ALICE, b"Alice's")
    stage.reconcile()
    assert stage.content == b"Bob's"
    assert isinstance(refusal_of(stage.release, lock_id, ALICE), LockLostError)
    assert isinstance(refusal_of(stage.extend, lock_id, ALICE), LockLostError)


def test_only_to_somebody_who_asked(stage: Stage, lock_id: str) -> None:
    """Having asked is the acceptance: an editor who did not ask, was declined or cancelled gets no lock."""
    for nobody in (SAM, CHARLIE, DANA):
        assert isinstance(refusal_of(stage.hand_over, lock_id, nobody), Invalid)
    stage.request(lock_id, SAM)
    stage.decline(lock_id, SAM)
    assert isinstance(refusal_of(stage.hand_over, lock_id, SAM), Invalid)
    stage.cancel_request(lock_id, BOB)
    assert isinstance(refusal_of(stage.hand_over, lock_id, BOB), Invalid)
    assert stage.held.lock_id == lock_id


def test_not_to_oneself(stage: Stage, lock_id: str) -> None:
    """A manager who asked takes over; the holder has the file."""
    stage.request(lock_id, DANA)
    assert isinstance(refusal_of(stage.hand_over, lock_id, DANA, DANA, "mine"), Invalid)
    assert isinstance(refusal_of(stage.hand_over, lock_id, ALICE, ALICE), Invalid)


def test_a_request_for_an_earlier_lock_is_none(stage: Stage, lock_id: str) -> None:
    """P-11: a request ends with its lock, also where nothing has tidied it up yet."""
    stage.world.clock.advance(minutes=1)
    stage.take_over(lock_id, DANA)
    assert isinstance(refusal_of(stage.hand_over, stage.held.lock_id, BOB, DANA), Invalid)


def _views_only(stage: Stage) -> None:
    stage.world.site().viewers.add(BOB)


def _shut_out(stage: Stage) -> None:
    site = stage.world.site()
    site.pages[stage.file.container.id].restricted_to = {ALICE, DANA, site.app_account}


def _left(stage: Stage) -> None:
    del stage.world.site().people[BOB]


@pytest.mark.parametrize("lose", [_views_only, _shut_out, _left])
@pytest.mark.parametrize("late", [False, True], ids=["before the call", "while it works"])
def test_the_new_holder_may_edit_now(stage: Stage, lock_id: str, *, lose: Callable[[Stage], None], late: bool) -> None:
    """L-15: asked as that person before each write, and after anything was undone."""
    if late:
        stage.upload(SAM, b"Sam's")
        number = stage.taps.calls["attachments.restore"] + 1
        stage.taps.after["attachments.restore", number] = lambda: lose(stage)
    else:
        lose(stage)
    refused = refusal_of(stage.hand_over, lock_id)
    assert isinstance(refused, Invalid)
    assert stage.held.lock_id == lock_id
    assert stage.content == b"first"


def test_the_cap_counts_for_the_new_holder() -> None:
    """L-17."""
    stage = make_stage(locks_per_person=1)
    other = stage.world.add_file()
    stage.lock(BOB, file=other)
    held = stage.lock().lock.lock_id or ""
    stage.request(held, BOB)
    assert isinstance(refusal_of(stage.hand_over, held), TooMany)
    assert untouched(stage)


def test_a_pending_overwrite_is_undone_first(stage: Stage, lock_id: str) -> None:
    """Settle before you move: also one by the person who gets the lock."""
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.hand_over(lock_id)
    assert stage.content == b"first"
    assert stage.held.holder == BOB
    assert stage.held.base.number == 3
    assert (MailKind.UPLOAD_UNDONE, BOB, "undone") in stage.mails()
    stage.run_jobs()
    stage.sweep()
    assert stage.content == b"first"


def test_an_overwrite_that_cannot_be_undone_is_named(stage: Stage, lock_id: str) -> None:
    """L-34: in the record, and to both sides."""
    stage.world.site().restore_refused = True
    stage.world.clock.advance(minutes=1)
    stage.upload(SAM, b"Sam's")
    stage.hand_over(lock_id)
    assert stage.held.ended is not None
    assert len(stage.held.ended.pending) == 1
    assert (MailKind.OVERWRITE_ATTEMPT, ALICE, "not_undone") in stage.mails()


def test_an_upload_of_the_old_holder_between_read_and_write_is_kept(stage: Stage, lock_id: str) -> None:
    """ADR 29: what lies between is settled against the lock before."""
    stage.world.clock.advance(minutes=1)
    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = lambda: stage.upload(ALICE, b"her last")
    stage.hand_over(lock_id)
    stage.run_jobs()
    stage.sweep()
    assert stage.content == b"her last"
    assert isinstance(stage.found, Held)


def test_an_upload_of_another_between_read_and_write_is_undone(stage: Stage, lock_id: str) -> None:
    """ADR 29: also the new holder's, which came too early."""
    stage.world.clock.advance(minutes=1)
    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = lambda: stage.upload(SAM, b"Sam's")
    stage.hand_over(lock_id)
    stage.run_jobs()
    assert stage.content == b"first"


def test_a_manager_hands_over_with_a_reason(stage: Stage, lock_id: str) -> None:
    """lock-semantics §4, M-06: holder or role; the old holder is told by whom and why."""
    assert isinstance(refusal_of(stage.hand_over, lock_id, BOB, SAM), Invalid)
    answer = stage.hand_over(lock_id, BOB, DANA, "Alice is away")
    assert answer.lock.can.break_
    held = stage.held
    assert held.ended is not None
    assert (held.holder, held.ended.by, held.ended.why) == (BOB, DANA, "Alice is away")
    assert (MailKind.LOCK_ENDED_BY_OTHER, ALICE, "handed_over") in stage.mails()
    assert (MailKind.EDIT_ANSWER, BOB, "handed_over") in stage.mails()
    assert "Alice is away" not in repr(stage.world.tables)


def test_somebody_else_may_not(stage: Stage, lock_id: str) -> None:
    """Product §4: an editor, or who asked; a holder who may only look may release, no more."""
    for who in (BOB, CHARLIE):
        stage.request(lock_id, SAM)
        assert isinstance(refusal_of(stage.hand_over, lock_id, SAM, who, "so"), NotAllowed)
    stage.world.site().viewers.add(ALICE)
    assert isinstance(refusal_of(stage.hand_over, lock_id), NotAllowed)
    assert stage.held.lock_id == lock_id


@pytest.mark.parametrize("appointed", [SpaceSettings(managers=(SAM,)), SpaceSettings(manager_groups=("keepers",))])
def test_a_lock_manager_may(stage: Stage, lock_id: str, appointed: SpaceSettings) -> None:
    """P-03: by name and by group, as for breaking."""
    site = stage.world.site()
    site.site_admins.clear()
    site.space_admins.discard(SAM)
    site.groups = {SAM: {"keepers"}}
    assert isinstance(refusal_of(stage.hand_over, lock_id, BOB, SAM, "so"), NotAllowed)
    services, space = stage.world.services, site.space_id
    version = space_settings.overview(services, stage.world.actor(DANA), space).settings.version
    space_settings.change(services, stage.world.actor(DANA), space, replace(appointed, version=version))
    assert stage.show(SAM).can.hand_over
    assert stage.hand_over(lock_id, BOB, SAM, "so").status == 200


def test_a_file_in_the_trash_or_closed_to_the_app_is_not_handed_over(stage: Stage, lock_id: str) -> None:
    """L-15: such a lock would not protect."""
    stage.file.status = FileStatus.TRASHED
    assert not stage.show(ALICE).can.hand_over
    assert isinstance(refusal_of(stage.hand_over, lock_id), Invalid)
    stage.file.status = FileStatus.CURRENT
    stage.world.site().viewers.add(stage.world.site().app_account)
    assert isinstance(refusal_of(stage.hand_over, lock_id), AppBlocked)


def test_who_takes_over_first_keeps_it(stage: Stage, lock_id: str) -> None:
    """E5: the requester takes over while the holder hands over: one wins, the other is told the truth."""
    stage.request(lock_id, DANA)
    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = lambda: stage.take_over(lock_id, DANA)
    lost = refusal_of(stage.hand_over, lock_id, DANA)
    assert isinstance(lost, LockLostError)
    assert stage.held.ended is not None
    assert (stage.held.holder, stage.held.ended.reason) == (DANA, EndReason.TAKEN_OVER)


def test_who_hands_over_first_has_handed_over(stage: Stage, lock_id: str) -> None:
    """E5: the other way round."""
    stage.request(lock_id, DANA)
    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = lambda: stage.hand_over(lock_id, DANA)
    assert isinstance(refusal_of(stage.take_over, lock_id, DANA), LockLostError)
    assert stage.held.ended is not None
    assert (stage.held.holder, stage.held.ended.reason) == (DANA, EndReason.HANDED_OVER)


def test_two_hand_overs_at_once(stage: Stage, lock_id: str) -> None:
    """I1: to two people: one gets the lock, the other waits; the second call says so."""
    stage.request(lock_id, SAM)
    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = lambda: stage.hand_over(lock_id, SAM)
    assert isinstance(refusal_of(stage.hand_over, lock_id, BOB), LockLostError)
    assert stage.held.holder == SAM
    stage.run_jobs()
    assert stage.waitlist.askers == (BOB,)
    assert [m[1] for m in stage.mails() if m[0] is MailKind.EDIT_ANSWER] == [SAM]


@pytest.mark.parametrize("what", ["cancel", "decline"])
def test_a_request_that_is_gone_by_the_second_round(stage: Stage, lock_id: str, what: str) -> None:
    """ADR 29: each round asks again whether the request stands."""

    def meanwhile() -> None:
        stage.extend(lock_id)
        (stage.cancel_request if what == "cancel" else stage.decline)(lock_id, BOB)

    stage.taps.before["lock_properties.replace", stage.taps.calls["lock_properties.replace"] + 1] = meanwhile
    assert isinstance(refusal_of(stage.hand_over, lock_id), Invalid)
    assert stage.held.lock_id == lock_id


def test_a_doubled_call_moves_once(stage: Stage, lock_id: str) -> None:
    """I8."""
    key = stage.key()
    stage.hand_over(lock_id, key=key)
    records = len(stage.stored_records())
    assert stage.hand_over(lock_id, key=key).status == 200
    assert len(stage.stored_records()) == records
    assert isinstance(refusal_of(stage.hand_over, lock_id, key=stage.key(key.id, "other")), RequestReused)
    assert isinstance(refusal_of(stage.hand_over, lock_id), LockLostError)


def _die() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("goes_on", [False, True], ids=["at once", "after the new holder went on"])
def test_a_crash_between_write_and_effects_loses_nobody(stage: Stage, lock_id: str, *, goes_on: bool) -> None:
    """ADR 21: a look, or the next write, records the hand-over and tells both; the repeated call says yes."""
    stage.taps.after["lock_properties.replace", stage.taps.calls["lock_properties.replace"] + 1] = _die
    key = stage.key()
    with pytest.raises(KeyboardInterrupt):
        stage.hand_over(lock_id, BOB, DANA, "away", key=key)
    new = stage.held.lock_id
    if goes_on:
        stage.extend(new, BOB, hours=60)
    else:
        stage.sweep()
    stage.world.clock.advance(minutes=2)
    assert stage.hand_over(lock_id, BOB, DANA, "away", key=key).status == 200
    assert stage.held.lock_id == new
    assert (MailKind.EDIT_ANSWER, BOB, "handed_over") in stage.mails()
    assert (MailKind.LOCK_ENDED_BY_OTHER, ALICE, "handed_over") in stage.mails()
    assert one_row_for_each_record(stage)
    rows = stage.world.tables.audit_of(ACME)
    assert [row.account for row in rows if row.kind is AuditKind.HANDED_OVER] == [DANA]


def test_a_lost_answer_is_a_hand_over(stage: Stage, lock_id: str) -> None:
    """E1, E2: the write landed; the next round sees its own."""

    def away() -> None:
        raise HostUnavailable("timeout")

    stage.taps.after["lock_properties.replace", stage.taps.calls["lock_properties.replace"] + 1] = away
    assert stage.hand_over(lock_id).status == 200
    assert stage.held.holder == BOB
    assert len([m for m in stage.mails() if m[0] is MailKind.EDIT_ANSWER]) == 1


def test_a_hand_over_that_came_back_is_not_repeated(stage: Stage, lock_id: str) -> None:
    """I7, I8: the new holder has released, and the call is repeated after a crash: no second lock."""
    stage.taps.after["lock_properties.replace", stage.taps.calls["lock_properties.replace"] + 1] = _die
    key = stage.key()
    with pytest.raises(KeyboardInterrupt):
        stage.hand_over(lock_id, key=key)
    stage.release(stage.held.lock_id, BOB)
    stage.world.clock.advance(minutes=2)
    assert isinstance(refusal_of(stage.hand_over, lock_id, key=key), LockLostError)
    assert stage.tombstone.ended.holder == BOB


def test_after_it_the_waitlist_is_tidy(stage: Stage, lock_id: str) -> None:
    """L-26: the new holder waits no longer; who asked, too, waits until the file is free."""
    stage.ask(BOB)
    stage.ask(CHARLIE)
    stage.request(lock_id, SAM)
    stage.hand_over(lock_id)
    stage.run_jobs()
    assert (stage.waitlist.askers, stage.waitlist.requests) == ((CHARLIE, SAM), ())
    stage.release(stage.held.lock_id, BOB)
    assert [m[1] for m in stage.mails() if m[0] is MailKind.FILE_AVAILABLE] == sorted([CHARLIE, SAM])
