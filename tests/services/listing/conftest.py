import pytest

from tests.fakes.world import BOB
from tests.services.stage import Stage


@pytest.fixture
def many(stage: Stage) -> Stage:
    """Seven more files: Alice locks the first, Bob the second."""
    for number in range(7):
        stage.world.add_file(title=f"File {number}.txt", content=b"x" * (number + 1))
    files = list(stage.world.site().files.values())
    stage.lock(file=files[1])
    stage.lock(BOB, file=files[2])
    return stage
