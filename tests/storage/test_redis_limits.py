"""What all processes may do in a minute, together."""

from __future__ import annotations

import redis

from lockpoint.storage.redis_limits import KEPT, RedisImpersonations
from lockpoint.storage.redis_mutexes import connect


def test_processes_share_a_minute(cache: redis.Redis) -> None:
    now = [120.0]
    one, other = (RedisImpersonations(cache, lambda: now[0]) for _ in range(2))
    assert [one.take(3), other.take(3), one.take(3), other.take(3)] == [True, True, True, False]
    now[0] = 179.9
    assert not one.take(3)
    now[0] = 180.0
    assert one.take(3)


def test_the_count_goes_away_by_itself(cache: redis.Redis) -> None:
    RedisImpersonations(cache).take(1)
    (key,) = cache.scan_iter()
    assert 0 < cache.ttl(key) <= KEPT.total_seconds()


def test_without_redis_atlassian_s_own_limit_decides() -> None:
    assert RedisImpersonations(connect("redis://127.0.0.1:1", wait=0.1)).take(1)
