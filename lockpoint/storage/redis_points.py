"""Points spent on Confluence, summed over all processes: for reports only."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError

from lockpoint.services.quota_accounting import Spending
from lockpoint.storage.classification import redis_key
from lockpoint.storage.data_inventory import POINTS

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

KEPT: Final = timedelta(hours=3)
PAUSE_SECONDS: Final = 30.0
"""After a failure nothing is written for so long: a missing Redis does not slow every call."""


class RedisPoints:
    """A `PointsArchive` with one hash for each UTC hour, of ids and our own words."""

    def __init__(self, client: redis.Redis, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._monotonic = monotonic
        self._silent_until = 0.0

    def add(self, hour: datetime, spending: Spending) -> None:
        """Does nothing while Redis is away."""
        if self._monotonic() < self._silent_until:
            return
        key = redis_key(POINTS, "points", _hour(hour))
        field = f"{spending.tenant_id}|{spending.priority}|{spending.use_case}"
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                pipeline.hincrby(key, field, spending.points)
                pipeline.expire(key, KEPT)
                pipeline.execute()
        except RedisError:
            self._silent_until = self._monotonic() + PAUSE_SECONDS


def _hour(hour: datetime) -> str:
    return f"{hour.astimezone(UTC):%Y%m%d%H}"
