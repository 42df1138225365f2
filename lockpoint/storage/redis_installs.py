"""Atlassian's keys, and the install tokens that came, for all processes; without Redis each has only its own keys."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError

from lockpoint.storage.classification import redis_key
from lockpoint.storage.data_inventory import INSTALL_KEY, INSTALL_TOKEN

if TYPE_CHECKING:
    import redis

    from lockpoint.domain.signed_json import MacKeys

KEPT: Final = timedelta(hours=24)
PAUSE_SECONDS: Final = 30.0
"""After a failure Redis is not asked for so long: a missing one does not slow every caller."""


class RedisInstalls:
    """Keys are signed by us, so that nobody else can put one there; tokens and bodies are keyed hashes."""

    def __init__(self, client: redis.Redis, mac_keys: MacKeys, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._mac_keys = mac_keys
        self._monotonic = monotonic
        self._silent_until = 0.0

    def find(self, key_id: str) -> bytes | None:
        """Return the public key as PEM, None also when it is not ours."""
        key = redis_key(INSTALL_KEY, "install-key", key_id)
        found = self._ask(lambda: self._client.get(key))
        if not isinstance(found, bytes):
            return None
        mac, _, pem = found.partition(b"\n")
        known = self._mac_keys.digests(_key_text(key_id, pem)).values()
        return pem if any(hmac.compare_digest(mac, one.encode()) for one in known) else None

    def keep(self, key_id: str, pem: bytes) -> None:
        key = redis_key(INSTALL_KEY, "install-key", key_id)
        value = self._digest(_key_text(key_id, pem)).encode() + b"\n" + pem
        self._ask(lambda: self._client.set(key, value, ex=KEPT))

    def drop(self, key_id: str) -> None:
        key = redis_key(INSTALL_KEY, "install-key", key_id)
        self._ask(lambda: self._client.delete(key))

    def fits(self, token: str, body: bytes, seconds: float) -> bool:
        """Return False when this token came with another body within `seconds`; True while Redis is away."""
        key = redis_key(INSTALL_TOKEN, "install-token", self._digest(b"token\n" + token.encode()))
        mine, milliseconds = self._digest(b"body\n" + body).encode(), max(1, int(seconds * 1000))
        first = self._ask(lambda: self._client.set(key, mine, nx=True, px=milliseconds, get=True))
        return first is None or first == mine

    def _digest(self, text: bytes) -> str:
        return self._mac_keys.digests(text)[self._mac_keys.newest]

    def _ask(self, ask: Callable[[], object]) -> object:
        if self._monotonic() < self._silent_until:
            return None
        try:
            return ask()
        except RedisError:
            self._silent_until = self._monotonic() + PAUSE_SECONDS
            return None


def _key_text(key_id: str, pem: bytes) -> bytes:
    return f"key\n{key_id}\n".encode() + pem
