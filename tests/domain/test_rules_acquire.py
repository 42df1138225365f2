"""Rule: acquire."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lockpoint.domain import rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import MARGIN, Absent, EndReason, Free, Held, Limits, Newer, Snapshot, Unreadable
from tests.domain.build import ALICE, BOB, HOURS_48, L2, L3, LIMITS, NOW, at, base, ended, free, held, snapshot


def acquire(state: Snapshot, holder: str = BOB, **more: Any) -> rules.Decision:
    return rules.acquire(state, **({"holder": holder, "lock_id": L2, "op_id": "op", "limits": LIMITS} | more))


def record_of(decision: rules.Decision) -> Held:
    assert isinstance(decision, rules.Write), decision
    assert isinstance(decision.record, Held)
    return decision.record


def test_first_lock_of_a_file() -> None:
    decision = acquire(snapshot(Absent()), note="until Monday", unlock_on_upload=True)
    assert decision == rules.Write(
        Held(
            epoch=1,
            seq=1,
            op_id="op",
            at=NOW,
            kind=AuditKind.ACQUIRED,
            lock_id=L2,
            holder=BOB,
            acquired_at=NOW,
            expires_at=NOW + HOURS_48,
            base=base(),
            note="until Monday",
            unlock_on_upload=True,
            ended=None,
        )
    )


@pytest.mark.parametrize(
    ("found", "more", "place"),
    [
        (Absent(), {"epoch": 4}, (5, 1)),
        (Absent(), {"witness": free(epoch=6, seq=9)}, (7, 1)),
        (Absent(), {"witness": free(epoch=6), "epoch": 8}, (9, 1)),
        (Unreadable("bad_signature", 12), {"epoch": 4}, (5, 13)),
        (free(epoch=3, seq=8), {"epoch": 3}, (3, 9)),
        (free(epoch=3, seq=8), {"witness": free(epoch=3, seq=7)}, (3, 9)),
        (free(epoch=3, seq=1), {"witness": free(epoch=3, seq=7)}, (4, 2)),
    ],
)
def test_epoch_grows_when_the_property_is_created_again(
    found: Any, more: dict[str, Any], place: tuple[int, int]
) -> None:
    """Epoch + 1 whenever the property is created; `seq` equals its property version."""
    record = record_of(acquire(snapshot(found, **more)))
    assert (record.epoch, record.seq) == place


def test_a_held_file_is_refused_with_the_winner() -> None:
    """L-10."""
    assert acquire(snapshot(held())) == rules.AlreadyLocked(held())


def test_an_endless_lock_is_refused() -> None:
    endless = held(expires_at=None)
    assert acquire(snapshot(endless, at(days=4000))) == rules.AlreadyLocked(endless)


def test_a_record_of_a_newer_app_is_held() -> None:
    """It is never replaced."""
    assert acquire(snapshot(Newer(2, 5))) == rules.AlreadyLocked(None)


@pytest.mark.parametrize("second", [-1, 0, 1])
def test_expiry_boundaries_for_others(second: int) -> None:
    """E42."""
    lock = held(expires_at=at(1000))
    before = acquire(snapshot(lock, at(1000 + second)))
    after = acquire(snapshot(lock, at(1030 + second)))
    assert before == (
        rules.AlreadyLocked(lock) if second < 0 else rules.Ending(lock, MARGIN - timedelta(seconds=second))
    )
    if second < 0:
        assert after == rules.Ending(lock, timedelta(seconds=1))
    else:
        assert record_of(after).holder == BOB


def test_lock_over_an_expired_one_remembers_how_that_ended() -> None:
    """Amendment 5."""
    lock = held(expires_at=at(1000))
    expected = ended(EndReason.EXPIRED, by=None, at=at(1000))
    assert record_of(acquire(snapshot(lock, at(2000)))).ended == expected


def test_holder_locks_again_while_ending() -> None:
    """At once, as a new lock."""
    record = record_of(acquire(snapshot(held(expires_at=at(0))), holder=ALICE))
    assert (record.lock_id, record.acquired_at) == (L2, NOW)


@pytest.mark.parametrize(
    ("found", "more", "carried"),
    [
        (free(ended=ended(EndReason.BROKEN)), {}, ended(EndReason.BROKEN)),
        (Absent(), {"witness": free(ended=ended(EndReason.BROKEN))}, ended(EndReason.BROKEN)),
        (Absent(), {"witness": held(expires_at=at(-100))}, ended(EndReason.EXPIRED, by=None, at=at(-100))),
        (Unreadable("x", 1), {}, None),
    ],
)
def test_the_end_of_the_last_lock_is_carried(found: Any, more: dict[str, Any], carried: Any) -> None:
    """Amendment 5: the next held record carries `ended` until it ends."""
    assert record_of(acquire(snapshot(found, **more))).ended == carried


def test_holder_again_extends_the_same_lock() -> None:
    """E39: proven by a write."""
    lock = held(note="mine", ended=ended(lock_id=L3))
    decision = acquire(snapshot(lock, at(600)), holder=ALICE)
    expected = replace(lock, seq=4, op_id="op", at=at(600), kind=AuditKind.EXTENDED, expires_at=at(600) + HOURS_48)
    assert decision == rules.Write(replace(expected, extended_at=at(600)))


def test_holder_again_may_say_more() -> None:
    """E39: a note takes the place of the one before, a wish is added, and neither goes by saying nothing."""
    lock = held(note="mine")
    more = record_of(acquire(snapshot(lock), holder=ALICE, note="until noon", unlock_on_upload=True))
    assert (more.note, more.unlock_on_upload) == ("until noon", True)
    same = record_of(acquire(snapshot(replace(lock, unlock_on_upload=True)), holder=ALICE))
    assert (same.note, same.unlock_on_upload) == ("mine", True)


def test_holder_again_never_shortens() -> None:
    assert record_of(acquire(snapshot(held()), holder=ALICE, life=timedelta(hours=1))).expires_at == at() + HOURS_48


def test_own_unanswered_write_is_recognised() -> None:
    """E1: the PUT was applied and its answer lost."""
    mine = held(holder=BOB, lock_id=L2, op_id="op")
    assert acquire(snapshot(mine)) == rules.Already(mine)


@pytest.mark.parametrize(
    "found",
    [
        free(ended=ended(EndReason.BROKEN, lock_id=L2)),
        held(ended=ended(EndReason.TAKEN_OVER, lock_id=L2), expires_at=at(-60)),
        held(lock_id=L2, expires_at=at(-60)),
    ],
)
def test_late_retry_does_not_revive_an_ended_lock(found: Free | Held) -> None:
    """I7, L-03: an ended id is never used again."""
    assert acquire(snapshot(found)) == rules.LockLost(found)


@pytest.mark.parametrize("found", [Absent(), free(), held(), held(expires_at=at(-60))])
def test_a_lock_id_that_was_used_names_no_second_lock(found: Any) -> None:
    """L-03: however many locks later, and whoever has the file now."""
    assert acquire(snapshot(found), used=True) == rules.LockLost(found)
    assert acquire(snapshot(found), ALICE, used=True) == rules.LockLost(found)


def test_a_used_lock_id_extends_its_own_lock() -> None:
    mine = held(holder=BOB, lock_id=L2)
    assert record_of(acquire(snapshot(mine), used=True)).lock_id == L2


def test_out_of_date() -> None:
    """L-13."""
    assert acquire(snapshot(free()), seen_version=6) == rules.OutOfDate(base())
    assert isinstance(acquire(snapshot(free()), seen_version=7), rules.Write)


def test_a_version_is_known_by_the_time_of_its_making() -> None:
    """L-13: numbers are places, which a deletion of another version changes."""
    made = base().created
    assert isinstance(acquire(snapshot(free()), seen_version=8, seen_created=made), rules.Write)
    later = made + timedelta(milliseconds=1)
    assert acquire(snapshot(free()), seen_version=7, seen_created=later) == rules.OutOfDate(base())


def test_longest_life() -> None:
    """The default never exceeds it."""
    assert acquire(snapshot(free()), life=timedelta(days=31)) == rules.TooLong(timedelta(days=30))
    assert record_of(acquire(snapshot(free()), life=timedelta(days=30))).expires_at == at(days=30)
    short = Limits(default=timedelta(hours=48), longest=timedelta(hours=8))
    assert record_of(acquire(snapshot(free()), limits=short)).expires_at == at(hours=8)


def test_endless_only_where_allowed() -> None:
    """`expires_at` is null only without a requested time."""
    endless = Limits(endless=True)
    assert record_of(acquire(snapshot(free()), limits=endless)).expires_at is None
    assert record_of(acquire(snapshot(free()), limits=endless, life=timedelta(hours=1))).expires_at == at(hours=1)


def test_a_lock_needs_the_head() -> None:
    """The base is the head."""
    with pytest.raises(ValueError, match="newest version"):
        acquire(snapshot(free(), head=None))


@pytest.mark.parametrize("found", [Absent(), Unreadable("bad_signature", 9), held(seq=1)])
def test_a_damaged_live_lock_is_not_free(found: Any) -> None:
    """L-06, E26-E28: removed, garbled or rolled back."""
    witness = held(seq=4, holder=ALICE)
    assert acquire(snapshot(found, witness=witness)) == rules.Damaged(witness)
