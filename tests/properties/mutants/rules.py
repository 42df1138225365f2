"""Machine 1: broken rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lockpoint.domain import rules
from lockpoint.domain.lock import EndReason, Held, Snapshot
from lockpoint.domain.next_record import ended, tombstone
from tests.properties import lock_model
from tests.properties.mutants.mutant import Mutant, Run


def _release_anything(state: Snapshot, *, holder: str, lock_id: str, op_id: str) -> rules.Decision:
    """As Nextcloud and Gitea do."""
    if not isinstance(state.found, Held):
        return rules.release(state, holder=holder, lock_id=lock_id, op_id=op_id)
    end = ended(state.found, state, EndReason.RELEASED, by=holder)
    return rules.Write(tombstone(state, op_id, end))


def _expire_by_age(state: Snapshot, *, lock_id: str, op_id: str) -> rules.Decision:
    """This ends extended locks."""
    held = state.found
    if isinstance(held, Held) and held.lock_id == lock_id and state.now >= held.acquired_at + lock_model.LIMITS.default:
        return rules.Write(tombstone(state, op_id, ended(held, state, EndReason.EXPIRED, by=None)))
    return rules.LockLost(held)


def _acquire_without_witness(state: Snapshot, **values: Any) -> rules.Decision:
    return rules.acquire(replace(state, witness=None, epoch=state.witness.epoch if state.witness else 0), **values)


def _heal_blindly(state: Snapshot, *, witness: Held, op_id: str) -> rules.Decision:
    return rules.heal(replace(state, witness=None), witness=witness, op_id=op_id)


def _anybody_hands_over(state: Snapshot, **values: Any) -> rules.Decision:
    return rules.hand_over(state, **values | {"managed": True})


def _same_lock_for_another(state: Snapshot, **values: Any) -> rules.Decision:
    """A stale tab of the old holder could go on."""
    decision = rules.hand_over(state, **values)
    if not isinstance(decision, rules.Write) or not isinstance(decision.record, Held):
        return decision
    return rules.Write(replace(decision.record, lock_id=values["old_lock_id"]))


def _rules(**changes: Any) -> Run:
    return lambda seed: lock_model.run(seed, **changes)


MACHINE_1 = (
    Mutant("a lock is ended by deleting its property", _rules(delete_to_end=True), ("I1", "I2", "I9"), 400),
    Mutant("release does not check the lock id", _rules(release=_release_anything), ("I2",), 50),
    Mutant("clean-up by the age of a lock", _rules(expire=_expire_by_age), ("I2", "I10"), 200),
    Mutant("a removed record is a free file", _rules(acquire=_acquire_without_witness), ("I1", "I2", "I10"), 400),
    Mutant(
        "an old witness is healed over a newer one",
        _rules(heal=_heal_blindly),
        ("I2", "I5", "I7", "I8", "I9", "L-31"),
        2000,
    ),
    Mutant("anybody hands over", _rules(hand_over=_anybody_hands_over), ("I2",), 100),
    Mutant("a lock is handed over under its name", _rules(hand_over=_same_lock_for_another), ("I2", "I3"), 200),
)
