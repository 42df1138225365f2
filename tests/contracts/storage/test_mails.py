"""Mails: one for each event and person, digests, claims, comments and their figures."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

from lockpoint.domain.events import MailKind
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.notifications import COMMENTED, MailHealth, MailIntent, NotBefore
from tests.contracts.storage.stores import Store
from tests.fakes.world import ALICE, BOB, DANA, START
from tests.storage.builders import intent


def overwrite(event_key: str, **values: Any) -> MailIntent:
    """Alice is to hear of an overwrite of Bob's."""
    usual = {"kind": MailKind.OVERWRITE_ATTEMPT, "recipient": ALICE, "actor": BOB, "lock_id": "l"}
    return intent(event_key=event_key, **(usual | values))


def test_a_person_is_told_one_thing_once(store: Store) -> None:
    """At most one message per event and person, with one send job."""
    wanted = (intent(), intent(recipient=DANA), intent(event_key="other"), intent(kind=MailKind.LOCK_ENDED))
    for _ in range(2):
        store.effects.record(store.acme, Effects(intents=wanted))
    assert [job for job in store.waiting() if job[0] == "send_mail"] == [
        ("send_mail", store.acme.id, str(number)) for number in range(1, 5)
    ]


def test_an_intent_is_read_back_and_finished(store: Store) -> None:
    told = intent(actor=ALICE, lock_id="l", version=7, detail="undone")
    store.effects.record(store.acme, Effects(intents=(told,)))
    stored = store.intents.get(1)
    assert (stored.tenant_id, stored.intent, stored.done) == (store.acme.id, told, False)
    store.intents.finish(stored, result="sent", address="Bob@example.com")
    assert store.intents.get(1) == replace(stored, done=True)
    assert store.intents.get(2) is None


def _claim(store: Store, *numbers: int) -> list[Any]:
    """What the mails of these intents tell: numbers of intents, or whose job goes on when."""
    turns = [store.intents.claim(store.intents.get(number)) for number in numbers]
    return [turn if isinstance(turn, NotBefore) else [one.id for one in turn] for turn in turns]


def test_the_first_mail_leaves_at_once_and_the_rest_in_a_digest(store: Store) -> None:
    """Of one lock, kind and other person; the first waiting one has the job, and crashed mails are repeated."""
    first, *waiting = (overwrite(str(number)) for number in range(4))
    others = overwrite("4", actor=None), overwrite("5", lock_id="m"), overwrite("6", recipient=DANA)
    store.effects.record(store.acme, Effects(intents=(first,)))
    store.effects.record(store.globex, Effects(intents=(first,)))
    assert _claim(store, 1, 1, 2) == [[1], [1], [2]]
    store.effects.record(store.acme, Effects(intents=(*waiting, *others)))
    later = START + timedelta(minutes=10)
    assert _claim(store, 3, 5, 6, 7, 8) == [NotBefore(3, later), NotBefore(3, later), [6], [7], [8]]
    store.intents.finish(store.intents.get(1), result="sent", address="alice@example.com")
    assert _claim(store, 1, 4) == [[], NotBefore(3, later)]
    store.clock.advance(minutes=10)
    assert _claim(store, 4, 3, 5, 4) == [[3, 4, 5], [], [], [3, 4, 5]]
    store.intents.finish(store.intents.get(4), result="sent", address="alice@example.com")
    assert [store.intents.get(number).done for number in range(1, 7)] == [True, False, True, True, True, False]


def test_what_a_mail_lets_go_another_tells(store: Store) -> None:
    """And the mail that had claimed it finishes without it."""
    store.effects.record(store.acme, Effects(intents=tuple(overwrite(str(number)) for number in range(3))))
    assert _claim(store, 1) == [[1, 2, 3]]
    store.intents.let_go([store.intents.get(2)])
    assert _claim(store, 1) == [[1, 3]]
    store.intents.finish(store.intents.get(1), result="sent", address="alice@example.com")
    assert [store.intents.get(number).done for number in (1, 2, 3)] == [True, False, True]
    store.clock.advance(minutes=10)
    assert _claim(store, 2) == [[2]]


def test_a_comment_that_was_begun_is_known(store: Store) -> None:
    """Whoever comes after a lost answer looks first; a comment counts like a mail."""
    first, second, *others = (overwrite(str(number)) for number in range(4))
    store.effects.record(store.acme, Effects(intents=(first,)))
    stored = store.intents.get(1)
    assert _claim(store, 1) == [[1]]
    assert [store.intents.begin_comment(stored) for _ in range(2)] == [False, True]
    store.intents.finish(stored, result=COMMENTED, address=None)
    store.effects.record(store.acme, Effects(intents=(second, *others)))
    assert _claim(store, 2) == [NotBefore(2, START + timedelta(minutes=10))]


def test_how_mails_fare_in_numbers(store: Store) -> None:
    """By person their newest news counts; the other site and older days do not."""
    mails = [
        intent(event_key=f"{who}{number}", kind=MailKind.FILE_AVAILABLE, recipient=who)
        for who in (ALICE, BOB, DANA)
        for number in range(2)
    ]
    for site in (store.acme, store.globex):
        store.effects.record(site, Effects(intents=tuple(mails)))
    results = {1: "hidden", 2: "sent", 3: "sent", 4: "not_approved", 5: "refused"}
    for number, result in results.items():
        address = "x@example.com" if result in {"sent", "refused"} else None
        store.intents.finish(store.intents.get(number), result=result, address=address)
    seen = MailHealth(waiting=1, parked=0, refused=1, unreachable=1, commented=0)
    assert store.mail_figures.read(store.acme, START - timedelta(days=7)) == seen
    store.intents.finish(store.intents.get(6), result=COMMENTED, address=None)
    now = store.mail_figures.read(store.acme, START - timedelta(days=7))
    assert now == replace(seen, waiting=0, commented=1)
    assert store.mail_figures.read(store.acme, START + timedelta(days=1)) == MailHealth(
        waiting=0, parked=0, refused=0, unreachable=0, commented=0
    )


def test_twenty_mails_an_hour_the_last_tells_everything(store: Store) -> None:
    """Mails that say that a lock no longer protects are not counted and not held back; a mail that failed is."""
    wanted = [intent(event_key=f"{number:03}", kind=MailKind.FILE_AVAILABLE) for number in range(30)]
    urgent = [intent(event_key=f"{number}", kind=MailKind.PAUSED) for number in range(2)]
    store.effects.record(store.acme, Effects(intents=(*urgent, *wanted)))
    assert _claim(store, *range(1, 22)) == [[number] for number in range(1, 22)]
    assert _claim(store, 22) == [list(range(22, 33))]
    more = tuple(intent(event_key=f"more {number}", kind=MailKind.FILE_AVAILABLE) for number in range(3))
    store.effects.record(store.acme, Effects(intents=(*more, intent(event_key="2", kind=MailKind.PAUSED))))
    later = START + timedelta(hours=1)
    assert _claim(store, 33, 34, 36) == [NotBefore(33, later), NotBefore(34, later), [36]]
    store.intents.finish(store.intents.get(3), result="not_visible", address=None)
    assert _claim(store, 34, 33, 35) == [[33, 34, 35], [], []]


def test_a_mail_that_did_not_leave_for_an_hour_begins_anew(store: Store) -> None:
    """With what came since, and when there is room."""
    store.effects.record(store.acme, Effects(intents=(overwrite("1"),)))
    assert _claim(store, 1) == [[1]]
    store.effects.record(store.acme, Effects(intents=(overwrite("2"),)))
    store.clock.advance(minutes=59)
    assert _claim(store, 1) == [[1]]
    store.clock.advance(minutes=1)
    assert _claim(store, 1, 2) == [[1, 2], []]


def test_one_of_many_simultaneous_mails_is_the_first(store: Store) -> None:
    store.effects.record(store.acme, Effects(intents=tuple(overwrite(str(number)) for number in range(8))))
    with ThreadPoolExecutor(8) as threads:
        turns = list(threads.map(lambda number: _claim(store, number)[0], range(1, 9)))
    assert sorted(turns) == [[]] * 7 + [[*range(1, 9)]]


def test_what_a_person_was_owed_lately_is_told_again(store: Store) -> None:
    """Newest first, told or not; each person's own, on their site."""
    for key in ("old", "told", "new"):
        store.effects.record(store.acme, Effects(intents=(overwrite(key),)))
        store.clock.advance(minutes=6)
    store.effects.record(store.acme, Effects(intents=(overwrite("new", recipient=BOB),)))
    store.effects.record(store.globex, Effects(intents=(overwrite("elsewhere"),)))
    since = store.clock.now() - timedelta(minutes=13)
    found = store.recent_intents.of(store.acme, ALICE, since, limit=5)
    assert [one.intent.event_key for one in found] == ["new", "told"]
    store.intents.finish(found[1], result="sent", address="alice@example.com")
    again = store.recent_intents.of(store.acme, ALICE, since, limit=5)
    assert [one.done for one in again] == [False, True]
    assert [one.intent.event_key for one in store.recent_intents.of(store.acme, ALICE, since, limit=1)] == ["new"]
