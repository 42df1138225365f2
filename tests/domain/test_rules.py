"""Rules: extend, rebase, end, take over, heal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lockpoint.domain import next_record, rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Absent, EndReason, Free, Held, Limits, Newer, Snapshot, Unreadable
from tests.domain.build import ALICE, BOB, DANA, HOURS_48, L1, L2, L3, LIMITS, at, base, ended, free, held, snapshot


def extend(state: Snapshot, **more: Any) -> rules.Decision:
    return rules.extend(state, **({"holder": ALICE, "lock_id": L1, "op_id": "op", "limits": LIMITS} | more))


def release(state: Snapshot, **more: Any) -> rules.Decision:
    return rules.release(state, **({"holder": ALICE, "lock_id": L1, "op_id": "op"} | more))


def end(state: Snapshot, **more: Any) -> rules.Decision:
    values = {"lock_id": L1, "op_id": "op", "reason": EndReason.BROKEN, "by": DANA, "why": "away"}
    return rules.end(state, **(values | more))


def expire(state: Snapshot, **more: Any) -> rules.Decision:
    return rules.expire(state, **({"lock_id": L1, "op_id": "op"} | more))


def rebase(state: Snapshot, **more: Any) -> rules.Decision:
    return rules.rebase(state, **({"lock_id": L1, "op_id": "op", "base": base(at(60), ALICE, 8)} | more))


def take_over(state: Snapshot, **more: Any) -> rules.Decision:
    values = {"by": DANA, "old_lock_id": L1, "lock_id": L2, "op_id": "op", "limits": LIMITS, "why": "away"}
    return rules.take_over(state, **(values | more))


EVERY = [extend, release, end, expire, rebase, take_over]
Rule = Callable[..., rules.Decision]


# --- common to all -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", EVERY)
@pytest.mark.parametrize(
    "found", [Absent(), Unreadable("x", 3), Newer(2, 3), held(lock_id=L3), free(ended=ended(lock_id=L3))]
)
def test_another_lock_is_never_touched(rule: Rule, found: Any) -> None:
    """L-03."""
    assert rule(snapshot(found)) == rules.LockLost(found)


@pytest.mark.parametrize("rule", EVERY)
@pytest.mark.parametrize("found", [Absent(), Unreadable("x", 3), held(seq=2)])
def test_a_damaged_record_is_healed_first(rule: Rule, found: Any) -> None:
    assert rule(snapshot(found, witness=held())) == rules.Damaged(held())


@pytest.mark.parametrize("rule", EVERY)
def test_own_unanswered_write_is_recognised(rule: Rule) -> None:
    """By op_id, after a time-out."""
    assert rule(snapshot(free(op_id="op"))) == rules.Already(free(op_id="op"))


# --- extend --------------------------------------------------------------------------------------------------


def test_extend_counts_from_now() -> None:
    """L-31: same lock, next record."""
    lock = held(note="mine")
    expected = replace(lock, seq=4, op_id="op", at=at(3600), kind=AuditKind.EXTENDED, expires_at=at(3600) + HOURS_48)
    assert extend(snapshot(lock, at(3600))) == rules.Write(replace(expected, extended_at=at(3600)))


def test_extend_is_the_holders() -> None:
    assert extend(snapshot(held()), holder=BOB) == rules.LockLost(held())


@pytest.mark.parametrize("second", [0, 29, 30])
def test_extend_needs_a_live_lock(second: int) -> None:
    """E3: not even within the margin."""
    lock = held(expires_at=at(0))
    assert extend(snapshot(lock, at(second))) == rules.LockLost(lock)


def expiry_of(decision: rules.Decision) -> Any:
    assert isinstance(decision, rules.Write)
    assert isinstance(decision.record, Held)
    return decision.record.expires_at


def test_extend_is_bounded_by_the_longest_life() -> None:
    """A longer request is refused, the default cut, and refused at the limit."""
    lock = held(expires_at=at(days=29, hours=1))
    late = snapshot(lock, at(days=29))
    assert extend(late, life=timedelta(hours=25)) == rules.TooLong(timedelta(days=30))
    assert expiry_of(extend(late, life=timedelta(hours=24))) == at(days=30)
    assert expiry_of(extend(late)) == at(days=30)
    assert extend(snapshot(held(expires_at=at(days=30)), at(days=29))) == rules.TooLong(timedelta(days=30))


def test_extend_never_shortens() -> None:
    assert expiry_of(extend(snapshot(held(expires_at=at(days=20))))) == at(days=20)


def test_extend_without_end() -> None:
    """Where endless locks are allowed; an endless lock stays endless."""
    assert expiry_of(extend(snapshot(held()), limits=Limits(endless=True))) is None
    assert expiry_of(extend(snapshot(held(expires_at=None)), life=timedelta(hours=1))) is None


@pytest.mark.parametrize(("said", "kept"), [(None, "mine"), ("", None), ("until noon", "until noon")])
def test_extend_keeps_replaces_or_removes_the_note(said: str | None, kept: str | None) -> None:
    decision = extend(snapshot(held(note="mine", unlock_on_upload=True)), note=said)
    assert isinstance(decision, rules.Write)
    assert isinstance(decision.record, Held)
    assert (decision.record.note, decision.record.unlock_on_upload) == (kept, True)


def test_a_new_note_is_worth_a_write() -> None:
    """Where the life is used up."""
    state = snapshot(held(expires_at=at(days=30)), at(days=29))
    assert isinstance(extend(state, note="nearly done"), rules.Write)
    assert extend(state, note="") == rules.TooLong(timedelta(days=30))


# --- rebase --------------------------------------------------------------------------------------------------


def test_rebase_moves_what_is_protected() -> None:
    """L-42: nothing else changes."""
    expected = replace(held(), seq=4, op_id="op", kind=AuditKind.REBASED, base=base(at(60), ALICE, 8))
    assert rebase(snapshot(held())) == rules.Write(expected)


@pytest.mark.parametrize("created", [0, -60])
def test_rebase_never_goes_back(created: int) -> None:
    assert rebase(snapshot(held()), base=base(at(created))) == rules.Already(held())


def test_rebase_works_until_the_lock_has_expired() -> None:
    """After expiry nothing is protected."""
    lock = held(expires_at=at(0))
    assert isinstance(rebase(snapshot(lock, at(29))), rules.Write)
    assert rebase(snapshot(lock, at(30))) == rules.LockLost(lock)


# --- release -------------------------------------------------------------------------------------------------


def test_release_writes_a_tombstone() -> None:
    """L-04: with everything to report."""
    end_ = ended(at=at(5), pending=(at(1), at(2)))
    tombstone = Free(epoch=1, seq=4, op_id="op", at=at(5), kind=AuditKind.RELEASED, ended=end_)
    decision = release(snapshot(held(), at(5), head=None, pending=(at(1), at(2))))
    assert decision == rules.Write(tombstone)


def test_release_is_the_holders() -> None:
    assert release(snapshot(held()), holder=BOB) == rules.LockLost(held())


def test_a_lock_that_is_just_ending_can_be_released() -> None:
    """During the margin."""
    decision = release(snapshot(held(expires_at=at(0)), at(29)))
    assert isinstance(decision, rules.Write)


@pytest.mark.parametrize(
    ("found", "witness"),
    [
        (free(), None),
        (free(ended=ended(EndReason.EXPIRED, by=None)), None),
        (held(lock_id=L2, holder=BOB, ended=ended()), None),
        (Absent(), free()),
    ],
)
def test_unlock_twice(found: Any, witness: Any) -> None:
    """L-23: even when somebody else has locked the file."""
    expected = found if isinstance(found, Held | Free) else witness
    assert release(snapshot(found, witness=witness)) == rules.Already(expected)


@pytest.mark.parametrize(
    ("found", "witness"),
    [
        (free(ended=ended(EndReason.BROKEN, by=DANA)), None),
        (free(ended=ended(EndReason.HOLDER_GONE)), None),
        (free(ended=ended(holder=BOB)), None),
        (held(lock_id=L2, ended=ended(EndReason.TAKEN_OVER)), None),
        (Absent(), held(expires_at=at(-30), holder=BOB)),
    ],
)
def test_release_after_others_ended_it_is_told(found: Any, witness: Any) -> None:
    """L-23: only the former holder learns who, when and why."""
    assert release(snapshot(found, witness=witness)) == rules.LockLost(witness or found)


@pytest.mark.parametrize("rule", [release, end, expire])
def test_a_removed_record_of_an_expired_lock_gets_its_tombstone(rule: Rule) -> None:
    """L-32: in the next epoch; a missing record proves nothing."""
    decision = rule(snapshot(Absent(), witness=held(expires_at=at(-30))))
    expected = ended(EndReason.EXPIRED, by=None, at=at(-30))
    assert decision == rules.Write(Free(epoch=2, seq=1, op_id="op", at=at(0), kind=AuditKind.EXPIRED, ended=expected))


# --- break, holder gone, file gone ---------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [EndReason.BROKEN, EndReason.HOLDER_GONE, EndReason.FILE_GONE])
def test_end_by_others(reason: EndReason) -> None:
    decision = end(snapshot(held(), at(5)), reason=reason)
    expected = ended(reason, by=DANA, at=at(5), why="away")
    assert decision == rules.Write(
        Free(epoch=1, seq=4, op_id="op", at=at(5), kind=AuditKind(reason.value), ended=expected)
    )


def test_break_of_an_ended_lock_has_nothing_to_do() -> None:
    """E4: no error."""
    assert end(snapshot(free())) == rules.Already(free())


@pytest.mark.parametrize("rule", [release, end])
def test_ending_an_expired_lock(rule: Rule) -> None:
    """L-11, L-23: only with a write: the lock may have been extended."""
    state = snapshot(held(expires_at=at(-30)), pending=(at(-40),))
    assert rule(state) == expire(state)
    assert isinstance(rule(state), rules.Write)


def test_break_never_hits_a_successor() -> None:
    """L-25."""
    successor = held(lock_id=L2, ended=ended())
    assert end(snapshot(successor)) == rules.LockLost(successor)


# --- expire --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("second", "ends"), [(-1, False), (0, False), (29, False), (30, True), (31, True)])
def test_expiry_boundaries(second: int, *, ends: bool) -> None:
    """L-32, E42."""
    lock = held(expires_at=at(0))
    decision = expire(snapshot(lock, at(second), pending=(at(-5),)))
    if ends:
        expected = ended(EndReason.EXPIRED, by=None, at=at(0), pending=(at(-5),))
        assert decision == rules.Write(
            Free(epoch=1, seq=4, op_id="op", at=at(second), kind=AuditKind.EXPIRED, ended=expected)
        )
    else:
        assert decision == rules.LockLost(lock)


def test_clean_up_looks_at_the_end_only() -> None:
    """L-32: it never ends an old but extended lock, nor an endless one."""
    for lock in (held(acquired_at=at(days=-29)), held(expires_at=None)):
        assert expire(snapshot(lock)) == rules.LockLost(lock)


def test_expire_twice() -> None:
    """Two concurrent sweeps."""
    assert expire(snapshot(free())) == rules.Already(free())


# --- take over -----------------------------------------------------------------------------------------------


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


# --- hand over -----------------------------------------------------------------------------------------------


def hand_over(state: Snapshot, **more: Any) -> rules.Decision:
    values = {"by": ALICE, "to": BOB, "old_lock_id": L1, "lock_id": L2, "op_id": "op", "limits": LIMITS} | more
    return rules.hand_over(state, **values)


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


@pytest.mark.parametrize("wish", [True, False])
def test_an_upload_ends_a_lock_only_while_that_is_wished(*, wish: bool) -> None:
    """L-24, ADR 29: asked again at each try to write."""
    lock = held(unlock_on_upload=wish)
    decision = release(snapshot(lock), by_upload=True)
    assert isinstance(decision, rules.Write) if wish else decision == rules.Already(lock)
    assert isinstance(release(snapshot(lock)), rules.Write)


@pytest.mark.parametrize("wish", [None, True, False])
@pytest.mark.parametrize("before", [True, False])
def test_extending_keeps_or_changes_the_wish_about_the_next_upload(*, wish: bool | None, before: bool) -> None:
    """L-24: without a word it stays."""
    decision = extend(snapshot(held(unlock_on_upload=before)), unlock_on_upload=wish)
    assert isinstance(decision, rules.Write)
    assert isinstance(decision.record, Held)
    assert decision.record.unlock_on_upload is (before if wish is None else wish)


def test_a_wish_needs_no_time_that_is_left() -> None:
    """L-31: only a wish for time is refused when nothing is left."""
    lock = held(acquired_at=at(days=-30), expires_at=at(60))
    assert extend(snapshot(lock)) == rules.TooLong(timedelta(days=30))
    assert isinstance(extend(snapshot(lock), unlock_on_upload=True), rules.Write)
    assert extend(snapshot(lock), unlock_on_upload=False) == rules.TooLong(timedelta(days=30))
    assert extend(snapshot(lock), unlock_on_upload=True, life=timedelta(hours=1)) == rules.TooLong(timedelta(days=30))


def test_tombstone_stays_small() -> None:
    """A property has at most 32 KB; the oldest overwrites are named."""
    many = tuple(at(second) for second in range(1000))
    decision = release(snapshot(held(), pending=many))
    assert isinstance(decision, rules.Write)
    assert isinstance(decision.record, Free)
    assert decision.record.ended.pending == many[: next_record.PENDING_AT_MOST]


# --- heal ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "place"),
    [(Absent(), (2, 1)), (Unreadable("x", 7), (2, 8)), (held(seq=1), (2, 2))],
)
def test_heal_writes_the_witnessed_lock(found: Any, place: tuple[int, int]) -> None:
    """E26-E28: epoch + 1."""
    decision = rules.heal(snapshot(found, at(9)), witness=held(), op_id="op")
    healed = replace(held(), epoch=place[0], seq=place[1], op_id="op", at=at(9), kind=AuditKind.HEALED)
    assert decision == rules.Write(healed)


def test_heal_knows_the_newer_witness() -> None:
    """I2: an ended lock does not return; a rebased one returns rebased."""
    gone = snapshot(Unreadable("x", 9), witness=free(seq=4))
    assert rules.heal(gone, witness=held(), op_id="op") == rules.LockLost(gone.found)
    moved = held(seq=4, expires_at=at(days=5))
    decision = rules.heal(snapshot(Absent(), witness=moved), witness=held(), op_id="op")
    assert decision == rules.Write(replace(moved, epoch=2, seq=1, op_id="op", kind=AuditKind.HEALED))


def test_heal_twice() -> None:
    for found in (held(), held(seq=4), free(), held(epoch=2, seq=1, op_id="op")):
        assert rules.heal(snapshot(found), witness=held(), op_id="op") == rules.Already(found)


@pytest.mark.parametrize("found", [Absent(), Newer(2, 3)])
def test_heal_never_revives(found: Any) -> None:
    """A newer app's record is not replaced."""
    state = snapshot(found, at(days=3))
    assert rules.heal(state, witness=held(), op_id="op") == rules.LockLost(found)


def test_signing_again_changes_nothing_but_the_place() -> None:
    """A live lock named here is signed by the newest key under the next seq."""
    present = held()
    decision = rules.sign_again(snapshot(present), lock_id=present.lock_id, op_id="again")
    assert isinstance(decision, rules.Write)
    assert decision.record.kind is AuditKind.SIGNED_AGAIN
    record = decision.record
    assert record == replace(present, seq=present.seq + 1, op_id="again", at=record.at, kind=record.kind)
    assert isinstance(rules.sign_again(snapshot(present), lock_id="another", op_id="again"), rules.LockLost)
    assert rules.sign_again(snapshot(record), lock_id=present.lock_id, op_id="again") == rules.Already(record)


def test_a_recorded_end_is_stored_in_its_own_place() -> None:
    """The same tombstone, so that its row stays the only one."""
    known = free(seq=4)
    state = snapshot(Unreadable("replayed", 3), witness=known)
    assert rules.write_end(state, op_id="op-new") == rules.Write(replace(known, kind=AuditKind.RELEASED))


def test_a_recorded_end_makes_way_for_what_others_wrote() -> None:
    """Above every known place."""
    for found in (Unreadable("garbled", 7), Absent()):
        decision = rules.write_end(snapshot(found, witness=free(seq=4)), op_id="op-new")
        assert isinstance(decision, rules.Write)
        assert decision.record.kind is AuditKind.HEALED
        assert (decision.record.epoch, decision.record.seq) == (2, 8 if isinstance(found, Unreadable) else 1)
        assert decision.record.ended == free().ended


@pytest.mark.parametrize("found", [free(seq=5), held(seq=5)])
def test_a_later_record_needs_no_settling(found: Free | Held) -> None:
    """Somebody locked the file since, or the end was stored."""
    assert rules.write_end(snapshot(found, witness=free(seq=4)), op_id="op-new") == rules.Already(found)


@pytest.mark.parametrize(("found", "witness"), [(Newer(2, 9), free()), (Absent(), None), (Absent(), held())])
def test_nothing_is_settled_without_a_known_end(found: Any, witness: Any) -> None:
    """Nor over a newer app's record."""
    assert isinstance(rules.write_end(snapshot(found, witness=witness), op_id="op-new"), rules.LockLost)


def test_a_take_over_is_until_the_next_upload_where_it_was_asked_for() -> None:
    """L-24: each lock has its own wish."""
    decision = take_over(snapshot(held()), unlock_on_upload=True)
    assert isinstance(decision, rules.Write)
    assert isinstance(decision.record, Held)
    assert decision.record.unlock_on_upload is True


def test_a_known_end_that_lost_its_place_is_written_in_the_next() -> None:
    """As of now, in a new epoch, as a write of its own."""
    known = free()
    decision = rules.write_end(snapshot(Absent(), at(60), witness=known), op_id="op-settle")
    assert isinstance(decision, rules.Write)
    written = replace(known, epoch=known.epoch + 1, seq=1, op_id="op-settle", at=at(60), kind=AuditKind.HEALED)
    assert decision.record == written


def test_forgetting_repairs_the_record_of_a_known_end() -> None:
    """The record was removed; what is known of it is written in a new epoch, as of now."""
    known = free(ended=ended(by=DANA))
    decision = rules.forget(snapshot(Absent(), at(60), witness=known), account=DANA, pseudonym="erased-1", op_id="op")
    assert isinstance(decision, rules.Write)
    assert (decision.record.epoch, decision.record.seq, decision.record.at) == (known.epoch + 1, 1, at(60))


def test_forgetting_waits_for_a_damaged_record() -> None:
    """A live lock is healed first; a write that was done already is not done again; nothing is nobody's."""
    live = held(holder=DANA)
    names = {"account": ALICE, "pseudonym": "erased-1", "op_id": "op"}
    assert rules.forget(snapshot(Absent(), witness=live), **names) == rules.Damaged(live)
    assert rules.forget(snapshot(held(op_id="op")), **names) == rules.Already(held(op_id="op"))
    assert rules.forget(snapshot(Absent()), **names) == rules.LockLost(Absent())
