"""Rule: extend."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lockpoint.domain import rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Held, Limits
from tests.domain.build import BOB, HOURS_48, at, held, snapshot
from tests.domain.rule_calls import extend


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
