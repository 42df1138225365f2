"""Each rule, called as most tests call it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lockpoint.domain import rules
from lockpoint.domain.lock import EndReason, Snapshot
from tests.domain.build import ALICE, BOB, DANA, L1, L2, LIMITS, at, base


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


def hand_over(state: Snapshot, **more: Any) -> rules.Decision:
    values = {"by": ALICE, "to": BOB, "old_lock_id": L1, "lock_id": L2, "op_id": "op", "limits": LIMITS} | more
    return rules.hand_over(state, **values)
