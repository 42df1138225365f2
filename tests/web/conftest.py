"""One running application per test module, and the proof that the other site stays unchanged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from tests.support import databases
from tests.support.stored import unexplained
from tests.web.api.document import CheckedApi
from tests.web.live_app import LiveApp, live_app


@pytest.fixture(scope="module")
def live(servers: databases.Addresses, worker_id: str, request: pytest.FixtureRequest) -> Iterator[LiveApp]:
    """The whole application with both sites installed; tests make their own pages and files.

    A parameter names sites that come through Forge.
    """
    cache, doors = servers.valkey.format(databases.cache_number(worker_id)), getattr(request, "param", None)
    with redis.Redis.from_url(cache) as client:
        client.flushdb()
    with databases.database(servers, worker_id) as url, live_app(url, cache, doors) as app:
        yield app
        assert unexplained(url, cache) == [], "all that the tests of a file stored is in the inventory"


@pytest.fixture
def other_site_untouched(live: LiveApp) -> Iterator[None]:
    """Globex keeps its state and rows and gets no call."""
    mark, state, rows = live.mark(), live.site_state("globex"), live.rows_of_site("globex")
    yield
    live.drain()
    assert not live.asked(mark, "globex")
    assert live.site_state("globex") == state
    assert live.rows_of_site("globex") == rows


@pytest.fixture(scope="module")
def checked(live: LiveApp) -> CheckedApi:
    return CheckedApi(live)


@pytest.fixture
def api(checked: CheckedApi, other_site_untouched: None) -> CheckedApi:  # noqa: ARG001 - watches around the test
    """The same; also checks that globex stays unchanged."""
    return checked
