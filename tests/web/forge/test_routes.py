"""The Forge door over HTTP: people of acme through Forge, the other site through Connect."""

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
        assert unexplained(url, cache) == []


def test_alice_locks_and_bob_may_not(live: LiveApp) -> None:
    """A lock through the Forge door protects as one through Connect's."""
    file = live.file(live.page())
    assert live.call("alice", "POST", f"/attachments/{file}/lock").status_code == 201
    refused = live.call("bob", "POST", f"/attachments/{file}/lock")
    assert (refused.status_code, refused.json()["error"]) == (409, "already_locked")
