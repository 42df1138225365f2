"""Rules: heal, sign again, settle, forget: what is written again, and where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lockpoint.domain import rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Absent, Free, Held, Newer, Unreadable
from tests.domain.build import ALICE, DANA, at, ended, free, held, snapshot


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
