"""Judgements on a file's history: what is left alone, what is restored, and what is in doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lockpoint.domain.history.judge import Flag, FlagReason, Judgement, Nothing, Policy, Restore
from lockpoint.domain.lock import Base
from tests.domain.build import ALICE, BOB, DANA, at, version
from tests.domain.history.judgements import EVE, LOCK, V6, V7, judged


def test_untouched_file() -> None:
    assert judged() == Judgement(Nothing(), V7)


def test_late_hint_accuses_nobody() -> None:
    """E8, L-44."""
    assert judged(past=(V6,), lock=replace(LOCK, base=replace(LOCK.base, created=V6.created))).superseded == ()


def test_holders_upload_is_followed() -> None:
    """L-42, owner_put_keeps_lock: the base moves to it."""
    v8 = version(8, ALICE)
    assert judged(v8) == Judgement(Nothing(), v8, uploaded=True, by_holder=True)


def test_late_event_about_a_superseded_version() -> None:
    """E9, E10."""
    v8, v9 = version(8, BOB), version(9, ALICE)
    assert judged(v8, v9) == Judgement(Nothing(), v9, uploaded=True, by_holder=True, superseded=(v8,))


def test_allowed_accounts_count_as_the_holder() -> None:
    v8 = version(8, BOB)
    assert judged(v8, policy=Policy(allowed=frozenset({BOB}))) == Judgement(Nothing(), v8, uploaded=True)


def test_same_bytes_by_another() -> None:
    """E16."""
    assert judged(version(8, BOB, file_id=V7.file_id)) == Judgement(Nothing(), V7)


def test_holder_deletes_own_newest() -> None:
    """E20: the lost base is reported."""
    lock = replace(LOCK, base=Base(created=at(minutes=8), author=ALICE, size=None, number=8))
    assert judged(lock=lock) == Judgement(Nothing(), V7)


def test_overwrite_is_undone() -> None:
    """L-40."""
    v8 = version(8, BOB)
    assert judged(v8) == Judgement(Restore(V7, (v8,)), V7)


def test_two_overwrites_one_restore() -> None:
    """L-45: both offenders are reported."""
    v8, v9 = version(8, BOB), version(9, EVE)
    assert judged(v8, v9).verdict == Restore(V7, (v8, v9))


def test_target_is_the_newest_authorised() -> None:
    """L-42: not the version at lock time, nor the previous one."""
    v8, v9, v10, v11 = version(8, ALICE), version(9, BOB), version(10, ALICE), version(11, BOB)
    assert judged(v8, v9, v10, v11) == Judgement(
        Restore(v10, (v11,)), v10, uploaded=True, by_holder=True, superseded=(v9,)
    )


@pytest.mark.parametrize("author", [None, "some bot", DANA])
def test_everybody_else_is_other(author: str | None) -> None:
    """E37, L-50: anonymous people, bots and admins."""
    v8 = version(8, author)
    assert judged(v8).verdict == Restore(V7, (v8,))


def test_unknown_contents_are_not_equal() -> None:
    """Amendment 1: contents without a file id."""
    base = replace(V7, file_id=None)
    v8 = version(8, BOB, file_id=None, size=base.size)
    assert judged(v8, past=(base,)).verdict == Restore(base, (v8,))


def test_base_is_known_by_time_not_number() -> None:
    """E18, F20: an admin deleted v6."""
    moved, v8 = replace(V7, number=6), replace(version(8, BOB), number=7)
    assert judged(v8, past=(moved,)).verdict == Restore(moved, (v8,))


def test_deleted_base() -> None:
    """E19, F20, L-48: the newest remaining authorised version is restored."""
    v8 = version(8, BOB)
    assert judged(v8, past=(V6,)) == Judgement(Restore(V6, (v8,)), V6)


@pytest.mark.parametrize(("seconds", "clear"), [(1.999, False), (2, True)])
def test_order_unclear(seconds: float, *, clear: bool) -> None:
    """Within 2 s of the base: flag, never restore."""
    v8 = version(8, EVE, created=V7.created + timedelta(seconds=seconds))
    expected = Restore(V7, (v8,)) if clear else Flag(FlagReason.ORDER_UNCLEAR, (v8,))
    assert judged(v8).verdict == expected


def test_order_is_clear_after_the_holders_own_version() -> None:
    """I15: whether or not the base has moved."""
    v8 = version(8, ALICE, created=V7.created + timedelta(seconds=1))
    v9 = version(9, EVE, created=v8.created + timedelta(milliseconds=500))
    assert judged(v8, v9).verdict == Restore(v8, (v9,))
    moved = replace(LOCK, base=Base(created=v8.created, author=ALICE, size=None, number=8))
    assert judged(v8, v9, lock=moved).verdict == Restore(v8, (v9,))


@pytest.mark.parametrize(
    ("complete", "reason"), [(True, FlagReason.BASELINE_LOST), (False, FlagReason.HISTORY_INCOMPLETE)]
)
def test_nothing_authorised_left(*, complete: bool, reason: FlagReason) -> None:
    """L-48."""
    v8 = version(8, BOB)
    assert judged(v8, past=(), complete=complete) == Judgement(Flag(reason, (v8,)), None)
    assert judged(past=(), complete=complete).verdict == Flag(reason)


def test_incomplete_history_is_enough_when_it_shows_an_authorised_version() -> None:
    """E43: the versions back to the newest authorised one are enough."""
    v9, v10 = version(9, ALICE), version(10, BOB)
    assert judged(v9, v10, past=(), complete=False) == Judgement(Restore(v9, (v10,)), v9, uploaded=True, by_holder=True)
