"""A node with a wrong clock decides nothing about locks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lockpoint.domain.lock import Absent
from lockpoint.services.clock_skew import ClockOffsets
from lockpoint.services.errors import Busy
from lockpoint.services.reconciliation.webhook_hints import Hint, take_hint
from tests.fakes.world import ACME, BOB, START, FakeClock
from tests.services.stage import Stage, make_stage, refusal_of

HALF = timedelta(milliseconds=500)


class WrongClock(FakeClock):
    """A clock off the host's."""

    def __init__(self, right: FakeClock, off: timedelta) -> None:
        super().__init__(right.at + off)


def _with_clock_off(seconds: float) -> Stage:
    stage = make_stage()
    wrong = WrongClock(stage.world.clock, timedelta(seconds=seconds))
    object.__setattr__(stage.world.services, "clock", wrong)
    return stage


@pytest.mark.parametrize("seconds", [-300, -16, 17, 300])
def test_it_refuses_lock_writes_and_still_reads(seconds: float) -> None:
    """E33, F43: more than 15 s off: 503; other nodes are unaffected."""
    stage = _with_clock_off(seconds)
    refusal = refusal_of(stage.lock)
    assert isinstance(refusal, Busy)
    assert refusal.details["retryAfter"]
    assert isinstance(stage.found, Absent)
    assert stage.show(BOB).state.value == "free"


@pytest.mark.parametrize("seconds", [-14, -5, 5, 14])
def test_within_the_margin_it_works(seconds: float) -> None:
    """F43."""
    assert _with_clock_off(seconds).lock().status == 201


def test_one_outlier_decides_nothing() -> None:
    """F44: one host Date header is wrong by 1 h."""
    offsets = ClockOffsets()
    assert offsets.trustworthy()
    offsets.note(START, START, None)
    assert offsets.typical() == timedelta()
    for _ in range(3):
        offsets.note(START, START, START - HALF)
    offsets.note(START, START, START + timedelta(hours=1))
    assert offsets.trustworthy()
    assert offsets.typical() == timedelta()
    for _ in range(20):
        offsets.note(START, START, START + timedelta(hours=1))
    assert not offsets.trustworthy()


def test_half_the_round_trip_is_taken_off() -> None:
    """§6: median of the last 20."""
    offsets = ClockOffsets()
    offsets.note(START, START + timedelta(seconds=8), START + timedelta(seconds=4) - HALF)
    assert offsets.typical() == timedelta()


def test_a_hint_about_an_unlocked_file_costs_nothing(stage: Stage) -> None:
    """P: zero Confluence calls; one database round trip."""
    stage.lock()
    other = stage.world.add_file()
    stage.world.tables.jobs.clear()
    stage.taps.clear()
    assert take_hint(stage.world.services, ACME, Hint(attachment_ids=(other.id,))) == 0
    assert stage.taps.order == ["witnesses.held_among"]
    assert take_hint(stage.world.services, ACME, Hint(attachment_ids=(stage.file.id, other.id))) == 1
