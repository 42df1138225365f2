"""The running application with acme at the Forge door, and the other site at Connect's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from tests.support import databases
from tests.support.stored import unexplained
from tests.web.live_app import LiveApp, live_app


@pytest.fixture(scope="module")
def live(servers: databases.Addresses, worker_id: str) -> Iterator[LiveApp]:
    cache = servers.valkey.format(databases.cache_number(worker_id))
    with redis.Redis.from_url(cache) as client:
        client.flushdb()
    with databases.database(servers, worker_id) as url, live_app(url, cache, doors={"acme": "forge"}) as app:
        yield app
        assert unexplained(url, cache) == [], "all that the tests of a file stored is in the inventory"
