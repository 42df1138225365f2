"""F40: a process stops for 90 seconds before any call of a journey, while others act and another process works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from lockpoint.domain.lock import Held
from lockpoint.services.errors import UseCaseError
from tests.fakes.world import ALICE, BOB, DANA
from tests.services.stage import Stage, make_stage, one_row_for_each_record, untouched

YES = {200, 201}


@dataclass(frozen=True)
class Journey:
    """The call that pauses, and what others do meanwhile; both get the lock's id and say whether they succeeded."""

    before: Callable[[Stage], str]
    call: Callable[[Stage, str], bool]
    meanwhile: Callable[[Stage, str], bool]


def succeeds(call: Callable[..., object], *args: object, **kwargs: object) -> bool:
    try:
        answer = call(*args, **kwargs)
    except UseCaseError:
        return False
    return getattr(answer, "status", 200) in YES


def _free(_stage: Stage) -> str:
    return ""


def _locked(stage: Stage) -> str:
    return stage.lock().lock.lock_id or ""


def _asked(stage: Stage) -> str:
    lock_id = _locked(stage)
    stage.request(lock_id, DANA)
    return lock_id


def _tombstone(stage: Stage) -> str:
    stage.release(_locked(stage))
    return ""


def _overwritten(stage: Stage) -> str:
    lock_id = _locked(stage)
    stage.upload(BOB, b"Bob's")
    return lock_id


def _released_and_locked_by_bob(stage: Stage, lock_id: str) -> bool:
    return succeeds(stage.release, lock_id) and succeeds(stage.lock, BOB)


def _other_worker(stage: Stage, _lock_id: str) -> bool:
    stage.reconcile()
    return False


HOLDS = {
    "acquire": Journey(_free, lambda s, _: succeeds(s.lock), lambda s, _: succeeds(s.lock, BOB)),
    "acquire_over_a_tombstone": Journey(_tombstone, lambda s, _: succeeds(s.lock), lambda s, _: succeeds(s.lock, BOB)),
    "extend": Journey(_locked, lambda s, lock: succeeds(s.extend, lock, hours=72), _released_and_locked_by_bob),
    "take_over": Journey(_locked, lambda s, lock: succeeds(s.take_over, lock, DANA), _released_and_locked_by_bob),
    "hand_over": Journey(_asked, lambda s, lock: succeeds(s.hand_over, lock, DANA), _released_and_locked_by_bob),
}
ENDS = {
    "release": Journey(_locked, lambda s, lock: succeeds(s.release, lock), _released_and_locked_by_bob),
    "break": Journey(_locked, lambda s, lock: succeeds(s.break_, lock, DANA), _released_and_locked_by_bob),
}


def _points(journey: Journey) -> list[tuple[str, int]]:
    """The calls of a journey without a pause, each by its name and count."""
    stage = make_stage()
    lock_id = journey.before(stage)
    stage.taps.clear()
    journey.call(stage, lock_id)
    order = stage.taps.order
    return [(name, order[: place + 1].count(name)) for place, name in enumerate(order)]


def _play(journey: Journey, point: tuple[str, int]) -> tuple[Stage, bool, bool]:
    """Say who succeeded: the one who paused, the one who acted meanwhile."""
    stage = make_stage()
    lock_id = journey.before(stage)
    stage.taps.clear()
    others: list[bool] = []

    def pause() -> None:
        stage.world.clock.advance(seconds=90)
        others.append(journey.meanwhile(stage, lock_id))
        stage.run_jobs()

    stage.taps.before[point] = pause
    succeeded = journey.call(stage, lock_id)
    assert len(others) == 1
    return stage, succeeded, others[0]


def _consistent(stage: Stage) -> None:
    stage.world.clock.advance(minutes=3)
    stage.run_jobs(also_later=True)
    stage.sweep()
    assert one_row_for_each_record(stage)
    assert untouched(stage)


@pytest.mark.parametrize("name", HOLDS)
def test_only_one_is_told_yes(name: str) -> None:
    """I1, I3: the write of the one who paused is refused when the lock was another's meanwhile."""
    holder = DANA if name in {"take_over", "hand_over"} else ALICE
    for point in _points(HOLDS[name]):
        stage, mine, theirs = _play(HOLDS[name], point)
        assert isinstance(stage.found, Held) == (mine or theirs or name == "extend"), point
        assert not (mine and theirs) or name == "extend", point
        if theirs:
            assert stage.held.holder == BOB, point
        elif mine:
            assert stage.held.holder == holder, point
        _consistent(stage)


@pytest.mark.parametrize("name", ENDS)
def test_no_late_end_hits_the_next_lock(name: str) -> None:
    """L-03: whatever the one who paused is told, Bob's lock stays."""
    for point in _points(ENDS[name]):
        stage, _, theirs = _play(ENDS[name], point)
        assert isinstance(stage.found, Held) == theirs, point
        _consistent(stage)


def test_another_worker_undoes_it_meanwhile() -> None:
    """I13: at most one version more, and no mail."""
    journey = Journey(_overwritten, lambda s, _: succeeds(s.reconcile), _other_worker)
    for point in _points(journey):
        stage, _, _ = _play(journey, point)
        _consistent(stage)
        assert stage.content == b"first", point
        assert len(stage.file.versions) <= 4, point
        assert len(stage.mails()) == 2, point
