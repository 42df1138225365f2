"""What all processes may do in a minute, counted together."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError

from lockpoint.storage.classification import redis_key
from lockpoint.storage.data_inventory import IMPERSONATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

KEPT: Final = timedelta(minutes=2)


class RedisImpersonations:
    """People's tokens that were asked for; `now` gives seconds since 1970."""

    def __init__(self, client: redis.Redis, now: Callable[[], float] = time.time) -> None:
        self._client = client
        self._now = now

    def take(self, most: int) -> bool:
        """Without Redis, Atlassian's own limit decides."""
        key = redis_key(IMPERSONATIONS, "impersonations", int(self._now() // 60))
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                pipeline.incr(key)
                pipeline.expire(key, KEPT)
                count, _ = pipeline.execute()
        except RedisError:
            return True
        return int(count) <= most
