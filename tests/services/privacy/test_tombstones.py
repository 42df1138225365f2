"""Records of ended locks lose persons and words before the witness, their only index, goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lockpoint.domain.lock import Free, Held
from lockpoint.services.lock_record.file_state import FileState, read_state
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.privacy import Origin
from lockpoint.services.privacy import tombstones
from lockpoint.services.privacy.erase import begin, erase
from lockpoint.services.privacy.tombstones import OLD
from lockpoint.storage.retention.purge import WITNESS_STAYS, Retention
from tests.fakes.confluence.site import StoredFile
from tests.fakes.world import ACME, ALICE, BOB, SAM
from tests.services.privacy.stage import RightsStage, switch


def _bury(stage: RightsStage) -> None:
    stage.services.jobs.defer([Job(JobKind.TOMBSTONES, ACME.id)])
    stage.run_jobs(JobKind.TOMBSTONES)


def _ended(stage: RightsStage, file: StoredFile) -> Free:
    found = stage.world.found(file.id)
    assert isinstance(found, Free)
    return found


def test_who_is_erased_after_the_witness_went_is_nowhere(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """C2: without tombstones the record would name holder and breaker for the life of the file."""
    stage.world.clock.advance(days=OLD.days, minutes=1)
    _bury(stage)
    assert BOB not in repr(_ended(stage, busy["ended"]))
    stage.world.clock.advance(days=2 * WITNESS_STAYS)
    assert Retention(stage.database, stage.world.clock, 30).purge().complete
    assert stage.services.witnesses.get(ACME, busy["ended"].id) is None
    erasure = begin(stage.services, ACME, BOB, Origin.OPERATOR, at_once=True)
    erase(stage.services, ACME, erasure.request_id)
    assert BOB not in repr(stage.world.found(busy["ended"].id))


def test_a_tombstone_keeps_its_place_and_no_person_or_word(stage: RightsStage) -> None:
    """A lock's epoch and name stay: no later lock repeats them."""
    file = stage.world.add_file()
    stage.take_over(file, stage.lock(file, BOB, note="Bob's own words"), SAM)
    stage.release(file, stage.world.found(file.id).lock_id, SAM)
    before = _ended(stage, file)
    stage.world.clock.advance(days=OLD.days, minutes=1)
    _bury(stage)
    after = _ended(stage, file)
    assert (after.epoch, after.ended.lock_id, after.ended.reason) == (
        before.epoch,
        before.ended.lock_id,
        before.ended.reason,
    )
    assert after.seq > before.seq
    assert (after.ended.by, after.ended.why, after.ended.holder) == (None, None, "erased-ended")
    stage.lock(file, ALICE)
    assert stage.holder(file) == ALICE


def test_each_record_is_written_once(stage: RightsStage) -> None:
    file = stage.world.add_file()
    stage.release(file, stage.lock(file, BOB), BOB)
    stage.world.clock.advance(days=OLD.days, minutes=1)
    _bury(stage)
    once = _ended(stage, file)
    stage.world.clock.advance(days=OLD.days, minutes=1)
    _bury(stage)
    assert _ended(stage, file) == once


def test_what_is_young_or_locked_stays(stage: RightsStage) -> None:
    young, live = stage.world.add_file(), stage.world.add_file()
    stage.lock(live, ALICE, life=timedelta(days=29))
    stage.world.clock.advance(days=OLD.days)
    stage.release(young, stage.lock(young, BOB), BOB)
    stage.world.clock.advance(minutes=1)
    _bury(stage)
    assert _ended(stage, young).ended.holder == BOB
    assert isinstance(stage.world.found(live.id), Held)


def test_somebody_locks_between_our_read_and_our_write(stage: RightsStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new lock stands."""
    file = stage.world.add_file()
    stage.release(file, stage.lock(file, BOB), BOB)
    stage.world.clock.advance(days=OLD.days, minutes=1)

    def read_before_the_lock(*place: Any, **more: Any) -> FileState:
        state = read_state(*place, **more)
        stage.lock(file, ALICE)
        return state

    monkeypatch.setattr(tombstones, "read_state", read_before_the_lock)
    _bury(stage)
    assert stage.holder(file) == ALICE


def test_a_site_that_is_switched_off_is_not_called(stage: RightsStage) -> None:
    file = stage.world.add_file()
    stage.release(file, stage.lock(file, BOB), BOB)
    stage.world.clock.advance(days=OLD.days, minutes=1)
    switch(stage, ACME, on=False)
    _bury(stage)
    assert _ended(stage, file).ended.holder == BOB
