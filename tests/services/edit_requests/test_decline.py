"""P-11: the holder declines with a note."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.services.errors import AppBlocked, Invalid, LockLostError, NotAllowed
from lockpoint.services.locks.lock_view import PersonRef, RequestView
from tests.fakes.world import ALICE, BOB, CHARLIE, DANA, SAM, START
from tests.services.stage import Stage, refusal_of

NOTE = "On Monday, gladly."


@pytest.fixture
def lock_id(stage: Stage) -> str:
    lock_id = stage.lock().lock.lock_id or ""
    stage.request(lock_id, BOB, "please")
    return lock_id


def test_who_asked_is_told_and_sees_the_note(stage: Stage, lock_id: str) -> None:
    """M-07: the lock stays; the note is stored in Confluence alone."""
    answer = stage.decline(lock_id, BOB, note=NOTE)
    assert (answer.status, answer.lock.state, answer.lock.requests) == (200, "mine", ())
    assert (MailKind.EDIT_ANSWER, BOB, "declined") in stage.mails()
    assert stage.show(BOB).requests == (RequestView(PersonRef(BOB, None), START, "please", START, NOTE),)
    assert stage.show(DANA).requests == ()
    assert not stage.show(BOB).can.cancel_request
    assert NOTE not in repr(stage.world.tables)


def test_declining_twice_tells_once(stage: Stage, lock_id: str) -> None:
    """L-23: the first answer counts."""
    stage.decline(lock_id, BOB, note=NOTE)
    stage.decline(lock_id, BOB, note="other")
    assert [one.note for one in stage.show(BOB).requests] == [NOTE]
    assert [m[0] for m in stage.mails()].count(MailKind.EDIT_ANSWER) == 1


def test_who_was_declined_can_ask_again(stage: Stage, lock_id: str) -> None:
    """P-11: the new request stands alone, and its answer is news."""
    stage.decline(lock_id, BOB, note=NOTE)
    stage.request(lock_id, BOB, "now?")
    assert [(one.message, one.note) for one in stage.show(ALICE).requests] == [("now?", None)]
    stage.decline(lock_id, BOB)
    assert [m[0] for m in stage.mails()].count(MailKind.EDIT_ANSWER) == 2


@pytest.mark.parametrize("who", [BOB, DANA, SAM])
def test_only_the_holder_declines(stage: Stage, lock_id: str, who: str) -> None:
    """Product §4: others may hand over or end the lock, with a reason; they do not speak for its owner."""
    assert isinstance(refusal_of(stage.decline, lock_id, BOB, who), NotAllowed)
    assert len(stage.show(ALICE).requests) == 1


def test_there_must_be_a_request_and_the_lock(stage: Stage, lock_id: str) -> None:
    """L-03."""
    assert isinstance(refusal_of(stage.decline, lock_id, CHARLIE), Invalid)
    assert isinstance(refusal_of(stage.decline, "f" * 32, BOB), LockLostError)
    stage.cancel_request(lock_id, BOB)
    assert isinstance(refusal_of(stage.decline, lock_id, BOB), Invalid)


def test_where_the_app_may_not_write_nothing_is_answered(stage: Stage, lock_id: str) -> None:
    """P-17."""
    stage.world.site().viewers.add(stage.world.site().app_account)
    assert isinstance(refusal_of(stage.decline, lock_id, BOB), AppBlocked)


def test_a_crash_before_the_mail_is_made_up_for_by_the_repeated_call(stage: Stage, lock_id: str) -> None:
    """I8: the answer is there, its mail not; the same call again tells it, once."""

    def die() -> None:
        raise KeyboardInterrupt

    stage.taps.after["properties.replace", stage.taps.calls["properties.replace"] + 1] = die
    key = stage.key()
    with pytest.raises(KeyboardInterrupt):
        stage.decline(lock_id, BOB, note=NOTE, key=key)
    stage.world.clock.advance(minutes=2)
    stage.decline(lock_id, BOB, note=NOTE, key=key)
    assert [m[0] for m in stage.mails()].count(MailKind.EDIT_ANSWER) == 1
    assert [one.note for one in stage.show(BOB).requests] == [NOTE]
