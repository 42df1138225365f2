"""What is common to all rules; and the rule rebase."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lockpoint.domain import rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Absent, Newer, Unreadable
from tests.domain.build import ALICE, L3, at, base, ended, free, held, snapshot
from tests.domain.rule_calls import EVERY, Rule, rebase


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
