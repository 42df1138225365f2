"""What a strict space protects of a file that nobody holds (P-09)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lockpoint.domain.history.unlocked import (
    NOBODY,
    REACH,
    base_among,
    id_of_nobody,
    lock_of_nobody,
    settled_until,
)
from lockpoint.domain.history.version_marker import is_strict, marker, source_of, strict_marker
from lockpoint.domain.history.versions import Version

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def version(number: int, minutes: int) -> Version:
    return Version(number=number, created=NOON + timedelta(minutes=minutes), author="somebody")


HISTORY = (version(1, -60), version(2, -10), version(3, 5))


@pytest.mark.parametrize(("settled", "number"), [(-90, 1), (-60, 1), (-10, 2), (0, 2), (5, 3), (60, 3)])
def test_the_base_is_the_newest_that_stands(settled: int, number: int) -> None:
    """The first version stands whenever it was made."""
    base = base_among(reversed(HISTORY), NOON + timedelta(minutes=settled))
    assert base is not None
    assert base.number == number


def test_without_a_version_that_stands_there_is_no_base() -> None:
    """A list that ends before is no evidence."""
    assert base_among(HISTORY[1:], NOON - timedelta(hours=1)) is None


def test_versions_stand_until_the_last_of_the_moments() -> None:
    assert settled_until(NOON) == NOON - REACH
    assert settled_until(NOON, None, NOON - timedelta(days=1)) == NOON - REACH
    assert settled_until(NOON, NOON - timedelta(minutes=2), NOON - timedelta(minutes=1)) == NOON - timedelta(minutes=1)


def test_the_lock_of_nobody() -> None:
    """It begins with its base at the earliest, has no end, and an id of the file's."""
    held = lock_of_nobody("123", HISTORY[2], NOON)
    assert (held.holder, held.expires_at, held.lock_id) == (NOBODY, None, id_of_nobody("123"))
    assert held.began == held.base.created == HISTORY[2].created
    assert len(held.lock_id) == 32


def test_its_comment_is_told_from_that_of_a_lock() -> None:
    strict, other = strict_marker(NOON), marker("ab" * 16, NOON)
    assert source_of(strict) == source_of(other) == NOON
    assert (is_strict(strict), is_strict(other), is_strict("")) == (True, False, False)
