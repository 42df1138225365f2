import pytest

from tests.services.stage import Stage


@pytest.fixture
def locked(stage: Stage) -> Stage:
    """Alice locked the file a minute ago."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    return stage
