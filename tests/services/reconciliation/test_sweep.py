"""The sweep reaches every live lock."""

from __future__ import annotations

import pytest

from lockpoint.services.reconciliation import sweep
from tests.fakes.world import BOB
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
