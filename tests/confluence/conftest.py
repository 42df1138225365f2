from collections.abc import Iterator

import pytest

from simulator.server import Running
from tests.confluence import live as live_site
from tests.confluence.doubles import Kit
from tests.confluence.live import Live
from tests.confluence.oddhost import OddHost


@pytest.fixture
def kit() -> Kit:
    return Kit()


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Running, OddHost]]:
    with live_site.stage() as started:
        yield started


@pytest.fixture
def live(stage: tuple[Running, OddHost]) -> Live:
    return live_site.fresh(*stage)
