"""Rules: release, break, holder gone, file gone, expire."""

from __future__ import annotations

from typing import Any

import pytest

from lockpoint.domain import next_record, rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Absent, EndReason, Free, Held
from tests.domain.build import BOB, DANA, L2, at, ended, free, held, snapshot
from tests.domain.rule_calls import Rule, end, expire, release


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


@pytest.mark.parametrize("wish", [True, False])
def test_an_upload_ends_a_lock_only_while_that_is_wished(*, wish: bool) -> None:
    """L-24, ADR 29: asked again at each try to write."""
    lock = held(unlock_on_upload=wish)
    decision = release(snapshot(lock), by_upload=True)
    assert isinstance(decision, rules.Write) if wish else decision == rules.Already(lock)
    assert isinstance(release(snapshot(lock)), rules.Write)


def test_tombstone_stays_small() -> None:
    """A property has at most 32 KB; the oldest overwrites are named."""
    many = tuple(at(second) for second in range(1000))
    decision = release(snapshot(held(), pending=many))
    assert isinstance(decision, rules.Write)
    assert isinstance(decision.record, Free)
    assert decision.record.ended.pending == many[: next_record.PENDING_AT_MOST]
