"""Rules: take over, hand over."""

from __future__ import annotations

from datetime import timedelta

from lockpoint.domain import rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import EndReason, Held
from tests.domain.build import ALICE, BOB, DANA, HOURS_48, L1, L2, L3, at, base, ended, free, held, snapshot
from tests.domain.rule_calls import hand_over, take_over


def test_take_over_in_one_write() -> None:
    """L-22: with the old lock's end."""
    decision = take_over(snapshot(held(), at(5), head=base(at(4), ALICE, 9), pending=(at(3),)), note="n")
    expected = Held(
        epoch=1,
        seq=4,
        op_id="op",
        at=at(5),
        kind=AuditKind.TAKEN_OVER,
        lock_id=L2,
        holder=DANA,
        acquired_at=at(5),
        expires_at=at(5) + HOURS_48,
        base=base(at(4), ALICE, 9),
        note="n",
        ended=ended(EndReason.TAKEN_OVER, by=DANA, at=at(5), why="away", pending=(at(3),)),
    )
    assert decision == rules.Write(expected)


def test_take_over_of_an_expired_lock_is_an_acquire() -> None:
    """After expiry nobody is displaced."""
    decision = take_over(snapshot(held(expires_at=at(0)), at(30)))
    assert isinstance(decision, rules.Write)
    assert decision.record.kind is AuditKind.ACQUIRED
    assert isinstance(decision.record, Held)
    assert decision.record.ended == ended(EndReason.EXPIRED, by=None, at=at(0))


def test_take_over_needs_a_new_name_and_a_possible_life() -> None:
    assert take_over(snapshot(held()), lock_id=L1) == rules.LockLost(held())
    assert take_over(snapshot(held()), life=timedelta(days=31)) == rules.TooLong(timedelta(days=30))


def test_hand_over_in_one_write() -> None:
    """L-22: Bob's own lock, of the default life, protects what is there; note and wish were Alice's."""
    lock = held(note="mine", unlock_on_upload=True)
    decision = hand_over(snapshot(lock, at(5), head=base(at(4), ALICE, 9), pending=(at(3),)))
    expected = Held(
        epoch=1,
        seq=4,
        op_id="op",
        at=at(5),
        kind=AuditKind.HANDED_OVER,
        lock_id=L2,
        holder=BOB,
        acquired_at=at(5),
        expires_at=at(5) + HOURS_48,
        base=base(at(4), ALICE, 9),
        ended=ended(EndReason.HANDED_OVER, by=ALICE, at=at(5), pending=(at(3),)),
    )
    assert decision == rules.Write(expected)
    assert expected.taken_from == ALICE


def test_only_the_holder_or_a_manager_hands_over() -> None:
    """lock-semantics §4: holder or role; a manager's reason stays with the file."""
    assert hand_over(snapshot(held()), by=DANA) == rules.LockLost(held())
    decision = hand_over(snapshot(held()), by=DANA, managed=True, why="away")
    assert isinstance(decision, rules.Write)
    assert decision.record.ended == ended(EndReason.HANDED_OVER, by=DANA, why="away")


def test_hand_over_needs_a_live_lock_of_another() -> None:
    """I10, L-03: not one that runs out, that has ended, or that the person holds; nor under a used name."""
    assert hand_over(snapshot(held()), to=ALICE, managed=True, by=DANA) == rules.LockLost(held())
    for second in (0, 29, 30):
        lock = held(expires_at=at(0))
        assert hand_over(snapshot(lock, at(second))) == rules.LockLost(lock)
    assert isinstance(hand_over(snapshot(held(expires_at=at(0)), at(-1))), rules.Write)
    assert hand_over(snapshot(free())) == rules.LockLost(free())
    assert hand_over(snapshot(held(lock_id=L3))) == rules.LockLost(held(lock_id=L3))
    assert hand_over(snapshot(held()), lock_id=L1) == rules.LockLost(held())


def test_a_repeated_hand_over_finds_its_lock() -> None:
    """I8: as it was written, and after the new holder extended it; not one of another under that name."""
    assert hand_over(snapshot(held(op_id="op", lock_id=L2, holder=BOB))) == rules.Already(
        held(op_id="op", lock_id=L2, holder=BOB)
    )
    later = held(lock_id=L2, holder=BOB, seq=9)
    assert hand_over(snapshot(later)) == rules.Already(later)
    assert hand_over(snapshot(held(lock_id=L2, holder=DANA))) == rules.LockLost(held(lock_id=L2, holder=DANA))
    ended_since = free(ended=ended(lock_id=L2, holder=BOB))
    assert hand_over(snapshot(ended_since)) == rules.LockLost(ended_since)


def test_a_take_over_is_until_the_next_upload_where_it_was_asked_for() -> None:
    """L-24: each lock has its own wish."""
    decision = take_over(snapshot(held()), unlock_on_upload=True)
    assert isinstance(decision, rules.Write)
    assert isinstance(decision.record, Held)
    assert decision.record.unlock_on_upload is True
