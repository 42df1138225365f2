"""When a running lock is warned of, reminded of, and ended sooner than it was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain import rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.expiry.lock_times import (
    LEAST,
    REMINDED_WITHIN,
    WEEK,
    reminder_week,
    shortened_end,
    warning_at,
    warning_due,
    warning_key,
)
from lockpoint.domain.lock import Held, Limits, Phase
from lockpoint.domain.settings import InForce, SiteSettings, SpaceRules
from tests.domain.build import ALICE, BOB, L1, LIMITS, NOW, at, free, held, snapshot

HOUR = timedelta(hours=1)
A_DAY = Limits(default=timedelta(hours=24))


def rule_set(warn: int | None = 24, unlock: int | None = 48) -> SpaceRules:
    return SpaceRules(warn_after_hours=warn, unlock_after_hours=unlock)


def shorten(found: Held, now: datetime, limits: Limits = A_DAY) -> rules.Decision:
    return rules.shorten(snapshot(found, now), lock_id=L1, op_id="op", limits=limits)


# --- the warning ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("warn", "unlock", "life", "hour"),
    [
        (24, 48, 48, 24),  # as set
        (24, 48, 100, 76),  # chosen longer: as long before its end as always
        (24, 48, 30, 24),  # chosen shorter: not before the hours of the warning
        (24, 48, 25, 24),
        (24, 48, 24, None),  # it lasts no longer than the warning takes
        (24, 48, 8, None),
        (24, 8760, 8760, 24),
        (24, None, 720, 696),  # no automatic unlock: a day before the longest life ends
        (24, None, 40, 24),
        (None, 48, 48, None),
        (1, 2, 2, 1),
    ],
)
def test_when_a_holder_is_warned(warn: int | None, unlock: int | None, life: int, hour: int | None) -> None:
    """P-14, L-33, M-01: after 24 of 48 hours."""
    lock = held(expires_at=at(hours=life), chosen=life != unlock)
    assert warning_at(lock, rule_set(warn, unlock)) == (None if hour is None else at(hours=hour))


def test_an_extension_asks_for_another_warning() -> None:
    """L-33: for its own end, counted from the extension."""
    lock = held()
    decision = rules.extend(snapshot(lock, at(hours=30)), holder=ALICE, lock_id=L1, op_id="op", limits=LIMITS)
    assert isinstance(decision, rules.Write)
    assert isinstance(decision.record, Held)
    longer = decision.record
    assert warning_at(longer, rule_set()) == at(hours=54)
    assert warning_key(longer) != warning_key(lock)
    assert not warning_due(longer, rule_set(), at(hours=53))


def test_writes_that_keep_the_end_keep_the_warning() -> None:
    """L-33: a rebase, a new signature, an extension that changes nothing."""
    lock = held(expires_at=at(hours=100), chosen=True)
    same = rules.extend(snapshot(lock, at(hours=2)), holder=ALICE, lock_id=L1, op_id="op", limits=LIMITS)
    again = rules.sign_again(snapshot(lock, at(hours=2)), lock_id=L1, op_id="op")
    for decision in (same, again):
        assert isinstance(decision, rules.Write)
        assert isinstance(decision.record, Held)
        kept = decision.record
        assert (warning_key(kept), warning_at(kept, rule_set())) == (warning_key(lock), at(hours=76))
        assert (kept.chosen, kept.counts_from) == (True, at())


@pytest.mark.parametrize(("second", "due"), [(-1, False), (0, True), (24 * 3600 - 1, True), (24 * 3600, False)])
def test_a_warning_is_due_until_the_end(second: int, due: bool) -> None:
    """L-33, E42: who is late warns of no lock that has ended."""
    assert warning_due(held(), rule_set(), at(seconds=second, hours=24)) is due


def test_no_end_no_warning() -> None:
    """L-33."""
    assert warning_at(held(expires_at=None), rule_set()) is None


def test_an_end_that_was_brought_forward_is_told_at_once() -> None:
    """L-33: also where the lock would have been too short for a warning."""
    lock = held(expires_at=at(hours=20), at=at(hours=1), kind=AuditKind.SHORTENED, chosen=True)
    assert warning_at(lock, rule_set()) == at(hours=1)
    assert warning_at(lock, rule_set(warn=None)) is None


# --- shorter settings ---------------------------------------------------------------------------------------------


def test_a_shorter_unlock_counts_from_the_lock_on() -> None:
    """P-14: for running locks, too."""
    assert shortened_end(held(), A_DAY, at(hours=2)) == at(hours=24)
    assert shortened_end(held(extended_at=at(hours=20), expires_at=at(hours=68)), A_DAY, at(hours=21)) == at(hours=44)


def test_who_would_be_overdue_keeps_an_hour() -> None:
    """L-30: never retroactive, and never within the hour, however often it is looked at."""
    end = shortened_end(held(), A_DAY, at(hours=30))
    assert end == at(hours=31)
    for minutes in (0, 1, 59):
        assert shortened_end(held(expires_at=end), A_DAY, at(hours=30, minutes=minutes)) is None
    assert shortened_end(held(), A_DAY, at(hours=47, minutes=30)) is None


def test_longer_settings_lengthen_nothing() -> None:
    """P-14: a running lock ends when its holder was told; extending it takes the new ones."""
    assert shortened_end(held(), Limits(default=timedelta(hours=96)), at(hours=1)) is None


def test_a_chosen_life_is_bounded_by_the_longest_alone() -> None:
    """P-01, P-14: whoever asked for five days keeps them, unless no lock may live so long."""
    lock = held(expires_at=at(hours=120), chosen=True)
    assert shortened_end(lock, A_DAY, at(hours=1)) is None
    assert shortened_end(lock, replace(A_DAY, longest=timedelta(days=2)), at(hours=1)) == at(hours=48)


def test_locks_without_an_end_get_one_when_they_may_have_none_any_more() -> None:
    """M-10: and are left alone while they may."""
    lock = held(expires_at=None)
    assert shortened_end(lock, replace(A_DAY, endless=True), at(hours=100)) is None
    assert shortened_end(lock, A_DAY, at(hours=2)) == at(hours=24)
    assert shortened_end(lock, A_DAY, at(hours=100)) == at(hours=101)


def test_shortening_is_one_write_of_the_same_lock() -> None:
    """L-32: conditional on the lock; nothing but its end changes."""
    lock = held(note="mine")
    decision = shorten(lock, at(hours=2))
    changed = replace(lock, seq=4, op_id="op", at=at(hours=2), kind=AuditKind.SHORTENED, expires_at=at(hours=24))
    assert decision == rules.Write(changed)
    assert shorten(changed, at(hours=3)) == rules.Already(changed)
    assert shorten(replace(lock, lock_id="other"), at(hours=2)) == rules.LockLost(replace(lock, lock_id="other"))
    assert shorten(lock, at(hours=48)) == rules.LockLost(lock)
    assert rules.shorten(snapshot(free()), lock_id=L1, op_id="op", limits=A_DAY) == rules.LockLost(free())


HOURS = st.integers(1, 400)


@given(life=HOURS, extended=st.none() | st.integers(0, 400), chosen=st.booleans(), now=HOURS, to=HOURS, longest=HOURS)
def test_shortening_never_lengthens_and_leaves_an_hour(
    *, life: int, extended: int | None, chosen: bool, now: int, to: int, longest: int
) -> None:
    """L-30, I10: whatever the lock and the settings; a second look changes nothing."""
    lock = held(expires_at=at(hours=life), extended_at=None if extended is None else at(hours=extended), chosen=chosen)
    limits = Limits(default=timedelta(hours=to), longest=timedelta(hours=longest))
    end = shortened_end(lock, limits, at(hours=now))
    if end is None:
        return
    assert lock.expires_at is not None
    assert at(hours=now) + LEAST <= end < lock.expires_at
    assert shortened_end(replace(lock, expires_at=end), limits, at(hours=now)) is None
    assert rules.phase(replace(lock, expires_at=end), at(hours=now)) is Phase.HELD


def test_which_settings_are_shorter() -> None:
    """P-14: only these have running locks looked at."""

    def limits(unlock: int | None = 48, *, days: int = 30, endless: bool = False) -> Limits:
        return InForce(SiteSettings(rules=rule_set(1, unlock), longest_days=days, endless=endless)).limits

    assert limits(24).shorter_than(limits())
    assert limits(days=3).shorter_than(limits())
    assert limits().shorter_than(limits(None))
    assert limits(None).shorter_than(limits(None, endless=True))
    for same_or_longer in (limits(), limits(49), limits(days=31), limits(None), limits(None, endless=True)):
        assert not same_or_longer.shorter_than(limits())


# --- locks without an end -------------------------------------------------------------------------------------------


def weeks(lock: Held, hours: int) -> list[int]:
    """The weeks that are due in each of so many hours."""
    due = (reminder_week(lock, NOW + HOUR * hour) for hour in range(hours))
    return [week for week in due if week is not None]


def test_one_reminder_a_week() -> None:
    """M-10: as long as the lock lives, in two days of each week."""
    due = weeks(held(expires_at=None), 24 * 7 * 10)
    assert sorted(set(due)) == list(range(due[0], due[-1] + 1))
    assert len(set(due)) >= 9
    assert all(due.count(week) <= REMINDED_WITHIN / HOUR for week in due)


def test_reminders_of_people_are_spread_over_the_week() -> None:
    """M-10: no storm on Monday morning."""
    moments = {
        next(
            hour
            for hour in range(24, 24 * 16)
            if reminder_week(held(holder=f"person-{n}", expires_at=None), at(hours=hour))
        )
        for n in range(200)
    }
    assert len({hour // 24 % 7 for hour in moments}) == 7


def test_a_fresh_lock_waits_for_the_next_reminder() -> None:
    """M-10: nobody is reminded of what they locked a minute ago."""
    lock = held(expires_at=None)
    first = next(hour for hour in range(24 * 16) if reminder_week(lock, at(hours=hour)) is not None)
    assert first >= 24
    assert reminder_week(held(expires_at=None, acquired_at=at(hours=first - 1)), at(hours=first)) is None


def test_all_locks_of_a_person_have_the_same_week() -> None:
    """L-65: the ledger knows one reminder for person and week."""
    for hour in range(24 * 14):
        now = at(hours=hour)
        one, other = (held(expires_at=None, lock_id=n, acquired_at=NOW - WEEK) for n in ("a", "b"))
        assert reminder_week(one, now) == reminder_week(other, now)
    assert weeks(held(expires_at=None, holder=BOB), 24 * 14)
    assert weeks(held(), 24 * 14) == []
