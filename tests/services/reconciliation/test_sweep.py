"""The sweep reaches every live lock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lockpoint.services.context import Priority
from lockpoint.services.errors import QuotaExceeded
from lockpoint.services.ports.confluence import Attachment
from lockpoint.services.reconciliation import sweep
from tests.fakes.confluence.attachments import FakeAttachments
from tests.fakes.world import ACME, ALICE, BOB
from tests.services.stage import Stage


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_site_with_more_locks_than_one_batch_is_swept_whole(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """P-19: also where the last batch is exactly full."""
    monkeypatch.setattr(sweep, "BATCH", batch)
    files = [stage.file, stage.world.add_file(title="b.txt"), stage.world.add_file(title="c.txt")]
    for file in files:
        stage.lock(file=file)
    stage.world.clock.advance(minutes=1)
    for file in files:
        stage.world.site().upload(file.id, BOB, b"Bob's")
    assert stage.sweep() == 3
    assert [file.content for file in files] == [b"first"] * 3


def test_locks_that_have_run_out_end_when_no_points_are_left_for_the_sweep(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A1: whatever comes before them in the sweep."""
    stage.lock()
    short = stage.world.add_file(title="short.txt")
    stage.lock(BOB, file=short, life=timedelta(hours=1))
    stage.world.clock.advance(hours=2)
    real = FakeAttachments.get

    def get(port: FakeAttachments, *args: Any, priority: Priority, **more: Any) -> Attachment:
        if priority is Priority.SWEEP:
            raise QuotaExceeded("the hour's points are used up", 600)
        return real(port, *args, priority=priority, **more)

    monkeypatch.setattr(FakeAttachments, "get", get)
    with pytest.raises(QuotaExceeded):
        stage.sweep()
    witnesses = stage.world.services.witnesses
    assert [witness.record.holder for witness in witnesses.live(ACME)] == [ALICE]


def test_without_points_for_enforcement_the_sweep_stops(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A1: what has run out is looked at again when there are points."""
    stage.lock(life=timedelta(hours=1))
    other = stage.world.add_file(title="other.txt")
    stage.lock(BOB, file=other, life=timedelta(hours=1))
    stage.world.clock.advance(hours=2)
    asked = []

    def get(_: FakeAttachments, __: object, attachment_id: str, **___: Any) -> Attachment:
        asked.append(attachment_id)
        raise QuotaExceeded("the hour's points are used up", 600)

    with monkeypatch.context() as away:
        away.setattr(FakeAttachments, "get", get)
        with pytest.raises(QuotaExceeded):
            stage.sweep()
    assert len(asked) == 1
    assert stage.sweep() == 2
    assert list(stage.world.services.witnesses.live(ACME)) == []
