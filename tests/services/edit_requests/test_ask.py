"""P-11: asking the holder of a lock for the file."""

from __future__ import annotations

from typing import cast

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.domain.lock import Free
from lockpoint.services.edit_requests.ask import MOST
from lockpoint.services.errors import (
    AppBlocked,
    HostUnavailable,
    Invalid,
    LockLostError,
    LostRace,
    NotAllowed,
    NotFound,
    RequestReused,
    TooMany,
    Unlicensed,
)
from lockpoint.services.lock_record.waitlist import LARGEST
from lockpoint.services.lock_record.waitlist import MOST as MOST_ASKERS
from lockpoint.services.locks.lock_view import PersonRef, RequestView
from lockpoint.services.ports.confluence import Person
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.tenancy import FakeLicenceSource
from tests.fakes.world import ALICE, BOB, CHARLIE, DANA, GINA, SAM, START
from tests.services.stage import Stage, make_stage, refusal_of

WORDS = "I need it for the offer, please."


@pytest.fixture
def lock_id(stage: Stage) -> str:
    return stage.lock().lock.lock_id or ""


def _requests(stage: Stage) -> list[tuple[str, str | None]]:
    return [(one.account, one.message) for one in stage.waitlist.requests]


def test_the_holder_hears_of_it_and_sees_it(stage: Stage, lock_id: str) -> None:
    """P-11, M-07: with the message; nobody else sees that, and it is in no mail intent."""
    answer = stage.request(lock_id, BOB, WORDS)
    mine = RequestView(PersonRef(BOB, None), START, WORDS, None, None)
    assert (answer.status, answer.lock.requests) == (200, (mine,))
    assert answer.lock.can.cancel_request
    assert stage.mails() == [(MailKind.EDIT_REQUEST, ALICE, None)]
    assert stage.show(ALICE).requests == (RequestView(PersonRef(BOB, "Bob"), START, WORDS, None, None),)
    assert stage.rows(ALICE)[0].lock == stage.show(ALICE)
    assert stage.show(CHARLIE).requests == ()
    assert WORDS not in repr(stage.world.tables)


@pytest.mark.parametrize("who", [DANA, SAM])
def test_who_may_hand_over_sees_who_asks_and_no_words(stage: Stage, lock_id: str, who: str) -> None:
    """Product §4: a manager decides; the message is for the owner."""
    stage.request(lock_id, BOB, WORDS)
    assert [(one.person.account_id, one.message) for one in stage.show(who).requests] == [(BOB, None)]


def test_one_request_for_each_person(stage: Stage, lock_id: str) -> None:
    """P-11: asking again replaces the message, and is news that its mail folds."""
    stage.request(lock_id, BOB, "first")
    stage.request(lock_id, SAM)
    stage.request(lock_id, BOB, "second")
    assert _requests(stage) == [(SAM, None), (BOB, "second")]
    topics = {mail.topic for mail in stage.world.tables.mails_of(stage.world.actor(BOB).tenant)}
    assert len(topics) == 2


def test_only_who_may_edit_may_ask(stage: Stage, lock_id: str) -> None:
    """L-15: asking for the file is asking to hold it."""
    assert isinstance(refusal_of(stage.request, lock_id, CHARLIE), NotAllowed)
    assert isinstance(refusal_of(stage.request, lock_id, GINA), NotFound)
    site = stage.world.site()
    site.pages[stage.file.container.id].restricted_to = {ALICE, site.app_account}
    assert isinstance(refusal_of(stage.request, lock_id, BOB), NotFound)
    assert stage.waitlist.requests == ()
    assert stage.mails() == []


def test_there_must_be_a_lock_of_another(stage: Stage, lock_id: str) -> None:
    """L-03: the call names the lock; what is there comes with the refusal."""
    assert isinstance(refusal_of(stage.request, lock_id, ALICE), Invalid)
    lost = refusal_of(stage.request, "f" * 32, BOB)
    assert isinstance(lost, LockLostError)
    assert lost.details["lock"] == stage.show(BOB)
    stage.release(lock_id)
    assert isinstance(refusal_of(stage.request, lock_id, BOB), LockLostError)


def test_a_lock_that_ends_can_not_be_asked_for(stage: Stage, lock_id: str) -> None:
    """L-30."""
    stage.world.clock.advance(hours=48)
    assert isinstance(refusal_of(stage.request, lock_id, BOB), LockLostError)


def test_where_the_app_may_not_write_nobody_can_be_asked(stage: Stage, lock_id: str) -> None:
    """P-17."""
    stage.world.site().viewers.add(stage.world.site().app_account)
    assert isinstance(refusal_of(stage.request, lock_id, BOB), AppBlocked)


def test_without_a_licence_nothing_is_asked_and_nothing_moves() -> None:
    """P-16: locks are shown and can be ended."""
    stage = make_stage(licensing=True)
    lock_id = stage.lock().lock.lock_id or ""
    stage.request(lock_id, BOB)
    cast("FakeLicenceSource", stage.world.services.licence_source).licensed = False
    stage.world.clock.advance(hours=1)
    assert isinstance(refusal_of(stage.request, lock_id, DANA), Unlicensed)
    assert isinstance(refusal_of(stage.hand_over, lock_id, BOB), Unlicensed)
    can = stage.show(ALICE).can
    assert (can.hand_over, can.decline, stage.show(DANA).can.request) == (False, True, False)
    assert stage.decline(lock_id, BOB).status == 200
    assert stage.cancel_request(lock_id, BOB).status == 200


def test_a_file_has_few_requests(stage: Stage, lock_id: str) -> None:
    """P-11: answered ones make room, open ones do not."""
    people = _crowd(stage, MOST + 1)
    for person in people[:MOST]:
        stage.request(lock_id, person)
    assert isinstance(refusal_of(stage.request, lock_id, BOB), TooMany)
    stage.request(lock_id, people[0], "again")
    stage.decline(lock_id, people[3])
    stage.request(lock_id, BOB)
    assert [account for account, _ in _requests(stage)] == [*people[1:3], *people[4:MOST], people[0], BOB]


def _crowd(stage: Stage, number: int) -> list[str]:
    people = [f"557058:{number:036}" for number in range(number)]
    stage.world.site().people |= {one: Person(one, one, in_use=True) for one in people}
    return people


def test_the_longest_messages_and_the_longest_waitlist_fit(stage: Stage, lock_id: str) -> None:
    """F3: 32 KB, whatever people write."""
    people = _crowd(stage, MOST_ASKERS)
    for person in people:
        stage.ask(person)
    refused = 0
    for person in people[:MOST]:
        try:
            stage.request(lock_id, person, "\U0001f600" * 500)
        except TooMany:
            refused += 1
    assert not stage.waitlist.too_large
    assert refused <= 1
    assert len(repr(stage.waitlist)) < 2 * LARGEST


def test_cancelling(stage: Stage, lock_id: str) -> None:
    """P-11: twice is fine; a place on the waitlist stays."""
    stage.request(lock_id, BOB, WORDS)
    stage.ask(BOB)
    answer = stage.cancel_request(lock_id, BOB)
    assert (answer.status, answer.lock.requests, answer.lock.notify_me.asked) == (200, (), True)
    assert stage.cancel_request(lock_id, BOB).status == 200
    assert stage.cancel_request(lock_id, CHARLIE).status == 200
    stage.release(lock_id)
    assert stage.cancel_request(lock_id, BOB).status == 200


@pytest.mark.parametrize("end", ["release", "break", "expire"])
def test_a_request_ends_with_the_lock_and_who_asked_is_told(stage: Stage, lock_id: str, end: str) -> None:
    """L-26, M-03: once, on every kind of end; who cancelled or was declined did not ask for this."""
    stage.request(lock_id, BOB, WORDS)
    stage.request(lock_id, SAM)
    stage.request(lock_id, DANA)
    stage.cancel_request(lock_id, SAM)
    if end != "break":
        stage.decline(lock_id, DANA)
    if end == "release":
        stage.release(lock_id)
    elif end == "break":
        stage.break_(lock_id, DANA)
    else:
        stage.world.clock.advance(hours=49)
        stage.sweep()
    stage.run_jobs()
    assert [m[1] for m in stage.mails() if m[0] is MailKind.FILE_AVAILABLE] == [BOB]
    assert stage.waitlist.requests == ()
    stage.sweep()
    stage.lock(ALICE)
    assert stage.show(ALICE).requests == ()


def test_whose_request_ended_with_a_take_over_waits_until_the_file_is_free(stage: Stage, lock_id: str) -> None:
    """L-26: they asked somebody who does not hold the file any more."""
    stage.request(lock_id, BOB, WORDS)
    stage.take_over(lock_id, DANA)
    assert stage.show(DANA).requests == ()
    stage.run_jobs()
    assert (stage.waitlist.askers, stage.waitlist.requests) == ((BOB,), ())
    stage.release(stage.held.lock_id, DANA)
    assert [m[1] for m in stage.mails() if m[0] is MailKind.FILE_AVAILABLE] == [BOB]


def test_whose_request_ended_just_now_is_told_of_the_next_end(stage: Stage, lock_id: str) -> None:
    """L-26: also when that comes before the waitlist was written."""
    stage.request(lock_id, BOB, WORDS)
    stage.take_over(lock_id, DANA)
    stage.break_(stage.held.lock_id, SAM)
    assert [m[1] for m in stage.mails() if m[0] is MailKind.FILE_AVAILABLE] == [BOB]


def test_a_doubled_request_is_one(stage: Stage, lock_id: str) -> None:
    """I8: one id, one effect; another body under it is refused."""
    key = stage.key()
    stage.request(lock_id, BOB, "first", key=key)
    again = stage.request(lock_id, BOB, "second", key=key)
    assert [one.message for one in again.lock.requests] == ["first"]
    assert isinstance(refusal_of(stage.request, lock_id, BOB, key=stage.key(key.id, "other")), RequestReused)
    assert len(stage.mails()) == 1


def test_a_request_crosses_a_release(stage: Stage, lock_id: str) -> None:
    """L-26: asked between the reads of the release and its end: told all the same, once."""
    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = lambda: stage.request(lock_id, BOB, WORDS)
    stage.release(lock_id)
    stage.run_jobs()
    assert [m[1] for m in stage.mails() if m[0] is MailKind.FILE_AVAILABLE] == [BOB]
    assert stage.waitlist.requests == ()


def test_a_release_crosses_a_request(stage: Stage, lock_id: str) -> None:
    """L-26: the lock ends before the request is stored; the look that follows tells."""
    number = stage.taps.calls["properties.create"] + 1
    stage.taps.before["properties.create", number] = lambda: stage.release(lock_id)
    assert stage.request(lock_id, BOB, WORDS).status == 200
    assert isinstance(stage.found, Free)
    stage.run_jobs()
    assert [m[1] for m in stage.mails() if m[0] is MailKind.FILE_AVAILABLE] == [BOB]
    assert stage.waitlist.requests == ()


def test_two_ask_at_once(stage: Stage, lock_id: str) -> None:
    """F01: neither is lost."""
    stage.ask(CHARLIE)
    number = stage.taps.calls["properties.replace"] + 1
    stage.taps.before["properties.replace", number] = lambda: stage.request(lock_id, SAM)
    stage.request(lock_id, BOB)
    assert {account for account, _ in _requests(stage)} == {SAM, BOB}
    assert stage.waitlist.askers == (CHARLIE,)


def _die() -> None:
    raise KeyboardInterrupt


def test_a_crash_before_the_mail_is_made_up_for(stage: Stage, lock_id: str) -> None:
    """S-rule: the request is stored, its mail not; a look tells the holder, and a repeated call nothing twice."""
    number = stage.taps.calls["properties.create"] + 1
    stage.taps.after["properties.create", number] = _die
    key = stage.key()
    with pytest.raises(KeyboardInterrupt):
        stage.request(lock_id, BOB, WORDS, key=key)
    assert stage.mails() == []
    stage.sweep()
    assert stage.mails() == [(MailKind.EDIT_REQUEST, ALICE, None)]
    stage.world.clock.advance(minutes=2)
    stage.request(lock_id, BOB, WORDS, key=key)
    assert len(stage.mails()) == 1
    assert _requests(stage) == [(BOB, WORDS)]


def test_an_unanswered_write_is_asked_again(stage: Stage, lock_id: str) -> None:
    """E1: the same request, one mail."""

    def away() -> None:
        raise HostUnavailable("timeout")

    number = stage.taps.calls["properties.create"] + 1
    stage.taps.after["properties.create", number] = away
    key = stage.key()
    with pytest.raises(HostUnavailable):
        stage.request(lock_id, BOB, WORDS, key=key)
    stage.request(lock_id, BOB, WORDS, key=key)
    assert _requests(stage) == [(BOB, WORDS)]
    assert len(stage.mails()) == 1


def test_a_slow_look_does_not_end_a_request_for_the_next_lock(stage: Stage, lock_id: str) -> None:
    """ADR 29: it saw the lock before; what came since is not its own."""
    stage.ask(CHARLIE)

    def meanwhile() -> None:
        stage.world.clock.advance(seconds=1)
        stage.take_over(lock_id, DANA)
        stage.request(stage.held.lock_id, ALICE, WORDS)

    stage.request(lock_id, DANA)
    stage.taps.after["attachments.get", stage.taps.calls["attachments.get"] + 1] = meanwhile
    stage.reconcile()
    assert (ALICE, WORDS) in _requests(stage)
    stage.run_jobs()
    assert _requests(stage) == [(ALICE, WORDS)]
    assert [one.message for one in stage.show(DANA).requests] == [WORDS]


def test_an_old_request_is_not_told_again(stage: Stage, lock_id: str) -> None:
    """L-65: rows of mails are purged; a lock without end may outlive them."""
    stage.request(lock_id, BOB)
    stage.extend(lock_id, hours=300)
    stage.world.tables.intents.clear()
    stage.world.clock.advance(days=2)
    stage.sweep()
    assert stage.mails() == []


def test_the_lock_record_is_not_touched(stage: Stage, lock_id: str) -> None:
    """ADR 40: asking never contends with the holder's own writes."""
    before = stage.world.site().lock_rows(stage.file.id)
    stage.request(lock_id, BOB, WORDS)
    stage.decline(lock_id, BOB)
    stage.cancel_request(lock_id, BOB)
    assert stage.world.site().lock_rows(stage.file.id) == before
    assert JobKind.RECONCILE not in {job.kind for job in stage.world.tables.jobs}


def test_people_who_keep_being_faster(stage: Stage, lock_id: str) -> None:
    """F01: 503; a repeat is safe."""

    def lost() -> None:
        raise LostRace("409")

    for number in range(1, 6):
        stage.taps.before["properties.create", number] = lost
        stage.taps.before["properties.replace", number] = lost
    refused = refusal_of(stage.request, lock_id, BOB)
    assert (refused.code, refused.details) == ("busy", {"retryAfter": 1})
