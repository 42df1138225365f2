"""The restore budget: bounded for machines, never an end of protection."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain.history.restore_budget import LONGEST_PAUSE, Undoing, paused_until
from tests.domain.build import BOB, DANA, NOW, at

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
A_DAY_AT_MOST = 27


def undone(*minutes: float, by: Collection[str] = (BOB,)) -> list[Undoing]:
    return [(at(minutes=minute), by) for minute in minutes]


@pytest.mark.parametrize(
    ("history", "now", "end"),
    [
        ([], 0, None),
        (undone(0, 1), 1, None),
        (undone(0, 1, 2), 2, 12),
        (undone(0, 1, 2), 11.9, 12),
        (undone(0, 1, 2), 12, None),
        (undone(0, 5, 10), 10, None),
        (undone(0, 5, 9.9), 10, 19.9),
        (undone(0, 1, 2, 12, 13, 14), 14, 34),
        (undone(0, 1, 2, 12, 13, 14, 34, 35, 36), 36, 76),
        (undone(0, 1, 2, 1500, 1501, 1502), 1502, 1512),
        (undone(0, 1, 2, 1440, 1441, 1442), 1442, 1452),
        (undone(*range(0, 110, 10)), 100, None),
        (undone(*range(0, 110, 10), 1440), 1440, None),
        (undone(*range(0, 110, 10), 1600), 1600, None),
        (undone(*range(0, 120, 10)), 110, 120),
        (undone(*range(0, 130, 10)), 120, 140),
        (undone(0, 1, 2, by=()), 2, None),
        (undone(0, 1, 2, by=(DANA,)), 2, None),
        (undone(0, 1, by=(DANA,)) + undone(2, by=(BOB, DANA)), 2, None),
    ],
)
def test_when_a_person_is_paused(history: list[Undoing], now: float, end: float | None) -> None:
    """Three in ten minutes, or twelve in a day; each pause of a day twice as long; others do not count."""
    assert paused_until(history, (BOB,), at(minutes=now)) == (None if end is None else at(minutes=end))


def test_pauses_grow_to_a_maximum() -> None:
    lengths, history, now = [], list[Undoing](), NOW
    while len(lengths) < 7:
        end = paused_until(history, (BOB,), now)
        if end is None:
            history.append((now, (BOB,)))
            now += timedelta(seconds=1)
        else:
            lengths.append((end - history[-1][0]) / MINUTE)
            now = end
    assert lengths == [10, 20, 40, 80, 120, 120, 120]


def test_whoever_is_not_named_is_one_person() -> None:
    """Anonymous authors, and whoever trashed a file."""
    history = undone(0, 1, 2, by=())
    assert paused_until(history, (None,), at(minutes=2)) == at(minutes=12)
    assert paused_until(history, (), at(minutes=2)) == at(minutes=12)


def test_one_persons_pause_spares_nobody_else() -> None:
    """All are undone for one who is not paused; the pause of the other does not grow by it."""
    history = undone(0, 1, 2)
    assert paused_until(history, (BOB, DANA), at(minutes=3)) is None
    assert paused_until(history, (BOB, None), at(minutes=3)) is None
    more = [*history, *undone(3, 4, 5, by=(BOB, DANA))]
    assert paused_until(more, (BOB,), at(minutes=5)) == at(minutes=12)
    assert paused_until(more, (BOB, DANA), at(minutes=5)) == at(minutes=12)
    assert paused_until(more, (DANA,), at(minutes=5)) == at(minutes=15)


def test_an_unnamed_person_behind_a_paused_one_has_a_budget_too() -> None:
    """What was undone during the pauses of all who are named was caused by nobody named."""
    history = [*undone(0, 1, 2), *undone(3, 4, 5)]
    assert paused_until(history, (BOB, None), at(minutes=5)) == at(minutes=12)


PERSONS = st.sampled_from([BOB, DANA, None])
UPLOADS = st.lists(st.tuples(st.integers(0, 7200), PERSONS), max_size=120)


def played(uploads: list[tuple[int, str | None]]) -> tuple[list[datetime], datetime | None]:
    """Undo each upload as soon as the budget lets us; return when it was, and when what still stands is undone."""
    history: list[Undoing] = []
    now, standing, wake = NOW, set[str | None](), None

    def undo(moment: datetime) -> None:
        history.append((moment, {one for one in standing if one}))
        standing.clear()

    for wait, person in uploads:
        now += timedelta(seconds=wait)
        if wake is not None and wake <= now:
            assert paused_until(history, standing, wake) is None, "the end of a pause lets a restore through"
            undo(wake)
            wake = None
        if person not in standing:
            standing.add(person)
            wake = paused_until(history, standing, now)
            if wake is None:
                undo(now)
    return [moment for moment, _ in history], wake


@given(UPLOADS)
def test_no_number_of_uploads_ends_protection(uploads: list[tuple[int, str | None]]) -> None:
    """Each pause ends within two hours of the last restore, and its end lets a restore through."""
    done, wake = played(uploads)
    assert wake is None or wake - done[-1] <= LONGEST_PAUSE


@given(st.lists(st.integers(0, 1800), max_size=150))
def test_restores_in_any_window_are_bounded(pauses: list[int]) -> None:
    """One person: 3 in any ten minutes, 27 in any day."""
    times, _ = played([(pause, BOB) for pause in pauses])
    for begin in times:
        assert sum(begin <= when < begin + 10 * MINUTE for when in times) <= 3
        assert sum(begin <= when < begin + DAY for when in times) <= A_DAY_AT_MOST


@pytest.mark.parametrize("every", [1, 30, 60, 240, 360, 600, 1800])
def test_a_program_that_uploads_all_day_is_bounded(every: int) -> None:
    """E14: whatever its rhythm."""
    times, _ = played([(every, BOB)] * (2 * 86400 // every))
    for begin in times:
        assert sum(begin <= when < begin + DAY for when in times) <= A_DAY_AT_MOST


def test_two_apps_that_undo_each_other_are_bounded() -> None:
    """E15: each takes the other's restore for an overwrite, and uploads nothing by itself."""
    restores: dict[str, list[Undoing]] = {"one": [], "other": []}
    now, turn = NOW, "one"
    while now < NOW + DAY:
        other = "other" if turn == "one" else "one"
        until = paused_until(restores[turn], (other,), now)
        now = until or now + timedelta(seconds=1)
        if until is None:
            restores[turn].append((now, (other,)))
            turn = other
    assert all(0 < len(done) <= A_DAY_AT_MOST for done in restores.values())


def test_the_order_in_which_undoings_are_read_does_not_matter() -> None:
    """The pause begins at the latest of the three."""
    history = undone(0, 1, 2)
    assert paused_until(history[::-1], (BOB,), at(minutes=3)) == paused_until(history, (BOB,), at(minutes=3))
    assert paused_until(history[::-1], (BOB,), at(minutes=3)) == at(minutes=12)
