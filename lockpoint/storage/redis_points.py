"""Points spent on Confluence, counted by all processes together."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError

from lockpoint.services.context import Priority
from lockpoint.services.quota_accounting import Counter, Share, SharedState, Spending
from lockpoint.storage.classification import redis_key
from lockpoint.storage.data_inventory import BLOCKED, POINTS, SPENT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import redis

KEPT: Final = timedelta(hours=3)
COUNTED: Final = timedelta(hours=1, minutes=10)
"""Longer than any share lasts."""

PAUSE_SECONDS: Final = 30.0
"""After a failure Redis is not asked for so long: a missing one does not slow every call."""

EVERYBODY: Final = 0
"""In place of a site; ids begin at 1."""


class RedisPoints:
    """`SharedPoints`: a hash for each hour and each ten minutes, and a report by lane and use case.

    `name` makes a person's name here, which says nothing without our key.
    """

    def __init__(
        self,
        client: redis.Redis,
        name: Callable[[int, str], str],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._name = name
        self._monotonic = monotonic
        self._silent_until = 0.0

    def read(self, counters: Sequence[Counter], tenant_id: int) -> SharedState:
        if self._silent():
            return SharedState()
        blocks = [redis_key(BLOCKED, "blocked", whom) for whom in (EVERYBODY, tenant_id)]
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                pipeline.mget(blocks)
                for counter in counters:
                    key = redis_key(SPENT, "spent", _window(counter))
                    pipeline.hget(key, self._field(counter))
                ends, *spent = pipeline.execute()
        except RedisError:
            self._fall_silent()
            return SharedState()
        until = max((int(end) for end in ends if end), default=None)
        return SharedState(
            {counter: int(points or 0) for counter, points in zip(counters, spent, strict=True)},
            None if until is None else datetime.fromtimestamp(until, UTC),
        )

    def report(self, hour: datetime) -> Sequence[Spending] | None:
        if self._silent():
            return None
        try:
            key = redis_key(POINTS, "points", _hour(hour))
            lines = self._client.hgetall(key)
        except RedisError:
            self._fall_silent()
            return None
        return [_line(field, int(points)) for field, points in lines.items()]

    def add(self, counters: Sequence[Counter], hour: datetime, spending: Spending) -> None:
        if self._silent():
            return
        key = redis_key(POINTS, "points", _hour(hour))
        field = f"{spending.tenant_id}|{spending.priority}|{spending.use_case}"
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                pipeline.hincrby(key, field, spending.points)
                pipeline.expire(key, KEPT)
                for counter in counters:
                    key = redis_key(SPENT, "spent", _window(counter))
                    pipeline.hincrby(key, self._field(counter), spending.points)
                    pipeline.expire(key, COUNTED)
                pipeline.execute()
        except RedisError:
            self._fall_silent()

    def block(self, tenant_id: int | None, until: datetime) -> None:
        """A second more than asked: Redis keeps whole seconds."""
        if self._silent():
            return
        key = redis_key(BLOCKED, "blocked", EVERYBODY if tenant_id is None else tenant_id)
        seconds = int(until.timestamp()) + 1
        try:
            self._client.set(key, str(seconds), exat=seconds)
        except RedisError:
            self._fall_silent()

    def _silent(self) -> bool:
        return self._monotonic() < self._silent_until

    def _fall_silent(self) -> None:
        self._silent_until = self._monotonic() + PAUSE_SECONDS

    def _field(self, counter: Counter) -> str:
        if counter.share is Share.ALL:
            return counter.share.value
        subject = counter.subject
        if counter.share is Share.PERSON:
            subject = self._name(counter.tenant_id, subject)
        return f"{counter.share}|{counter.tenant_id}" + (f"|{subject}" if subject else "")


def _hour(hour: datetime) -> str:
    return f"{hour.astimezone(UTC):%Y%m%d%H}"


def _line(field: str | bytes, points: int) -> Spending:
    text = field if isinstance(field, str) else field.decode()
    tenant_id, priority, use_case = text.split("|")
    return Spending(int(tenant_id), Priority(priority), use_case, points)


def _window(counter: Counter) -> str:
    short = counter.share in {Share.PERSON, Share.PAGE}
    return counter.since.astimezone(UTC).strftime("%Y%m%d%H%M" if short else "%Y%m%d%H")
