"""The conditional write: its pauses, and the look that it promises."""

from __future__ import annotations

from typing import NoReturn

from lockpoint.services.errors import Busy, LostRace
from lockpoint.services.ports.jobs import JobKind
from tests.services.stage import Stage, refusal_of


def _lost() -> NoReturn:
    raise LostRace("409")


def test_each_round_waits_twice_as_long_as_the_one_before(stage: Stage) -> None:
    """F01: many writers at once come apart; the fraction here is a half."""
    stage.taps.before["lock_properties.create", 0] = _lost
    assert isinstance(refusal_of(stage.lock), Busy)
    assert stage.world.clock.slept == [0.025, 0.05, 0.1, 0.2]


def test_only_a_lock_that_nothing_is_known_of_is_looked_for_later(stage: Stage) -> None:
    """A recorded lock is in the sweep; an end and an extension promise no job."""
    lock_id = stage.lock().lock.lock_id or ""
    assert len(stage.jobs(JobKind.CONFIRM)) == 1
    stage.world.tables.jobs.clear()
    stage.world.clock.advance(minutes=1)
    stage.extend(lock_id)
    stage.release(lock_id)
    assert stage.jobs(JobKind.CONFIRM) == []
    stage.lock()
    assert len(stage.jobs(JobKind.CONFIRM)) == 1
