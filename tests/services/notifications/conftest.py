import pytest

from tests.fakes.world import BOB
from tests.services.stage import Stage


@pytest.fixture
def undone(stage: Stage) -> Stage:
    """Bob overwrote Alice's locked file, and it was undone; their mails have not left."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    return stage
