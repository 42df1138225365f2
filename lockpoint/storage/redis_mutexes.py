"""Mutexes in Redis, whose absence fails nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from lockpoint.storage.classification import redis_key
from lockpoint.storage.data_inventory import MUTEX

_RELEASE: Final = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


def connect(url: str, *, verify_tls: bool = True, wait: float = 0.5) -> redis.Redis:
    """Make a client that gives up after `wait` seconds without a retry.

    `verify_tls` False is for `rediss://` providers with self-signed certificates.
    """
    options: dict[str, object] = {}
    if url.startswith("rediss://") and not verify_tls:
        options = {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
    return redis.Redis.from_url(
        url, socket_timeout=wait, socket_connect_timeout=wait, retry=Retry(NoBackoff(), 0), **options
    )


class RedisMutexes:
    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    @contextmanager
    def hold(self, name: str, seconds: float) -> Iterator[bool]:
        """The mutex ends by itself after `seconds`. `ValueError` for a name that the inventory does not know."""
        key = redis_key(MUTEX, "mutex", name)
        token = secrets.token_hex(16)
        try:
            mine = bool(self._client.set(key, token, nx=True, px=max(1, int(seconds * 1000))))
        except RedisError:
            yield True
            return
        try:
            yield mine
        finally:
            if mine:
                self._release(key, token)

    def _release(self, key: str, token: str) -> None:
        try:
            self._client.eval(_RELEASE, 1, key, token)
        except RedisError:
            return  # it frees itself
