from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from lockpoint.services.context import Priority
from lockpoint.services.quota_accounting import Spending
from lockpoint.storage.redis_mutexes import connect
from lockpoint.storage.redis_points import KEPT, PAUSE_SECONDS, RedisPoints

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

HOUR = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with connect(redis_url) as client:
        yield client


def test_processes_add_to_the_same_lines(client: redis.Redis) -> None:
    """Another hour is another account."""
    for points in (RedisPoints(client), RedisPoints(client)):
        points.add(HOUR, Spending(1, Priority.INTERACTIVE, "acquire", 6))
        points.add(HOUR, Spending(1, Priority.SWEEP, "sweep", 2))
    assert client.hgetall("lockpoint:points:2026112110") == {b"1|people|acquire": b"12", b"1|sweep|sweep": b"4"}
    assert len(client.keys("lockpoint:points:*")) == 1


def test_the_account_goes_away_by_itself(client: redis.Redis) -> None:
    RedisPoints(client).add(HOUR, Spending(1, Priority.INTERACTIVE, "acquire", 1))
    (key,) = client.keys("lockpoint:points:*")
    assert 0 < client.ttl(key) <= KEPT.total_seconds()


def test_without_redis_calls_are_neither_failed_nor_slowed_down() -> None:
    """F36: the first failure disables it for a while."""
    now = [0.0]
    with connect("redis://127.0.0.1:1/0", wait=0.2) as client:
        points = RedisPoints(client, lambda: now[0])
        points.add(HOUR, Spending(1, Priority.INTERACTIVE, "acquire", 1))
        client.close()
        points._client = None  # type: ignore[assignment]  # a second attempt would fail loudly
        now[0] = PAUSE_SECONDS - 1
        points.add(HOUR, Spending(1, Priority.INTERACTIVE, "acquire", 1))
