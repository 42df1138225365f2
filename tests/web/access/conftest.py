from collections.abc import Iterator

import pytest

from tests.web.access.matrix import Matrix
from tests.web.live_app import LiveApp


@pytest.fixture(scope="module")
def matrix(live: LiveApp) -> Iterator[Matrix]:
    """Counts the cells; `pytest -s` shows the total."""
    made = Matrix.on(live)
    yield made
    print(f"\naccess matrix: {made.cells} calls, {made.leaks} leaks")  # noqa: T201 - a figure of the release


@pytest.fixture
def other_site_state(live: LiveApp, matrix: Matrix) -> Iterator[None]:
    """Globex stays unchanged, except `request_outcome` rows of Gina's calls."""
    del matrix
    state = live.site_state("globex")
    rows = live.rows_of_site("globex")
    yield
    live.drain()
    assert live.site_state("globex") == state
    after = live.rows_of_site("globex")
    assert {name: found for name, found in after.items() if name != "request_outcome"} == {
        name: found for name, found in rows.items() if name != "request_outcome"
    }
