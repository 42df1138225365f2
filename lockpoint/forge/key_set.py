"""The public keys of invocation tokens, from Forge's key set.

A key id may contain slashes: it is looked up here, and never part of an address.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Final, Protocol

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from lockpoint.connect.tokens import Reason, TokenRefusedError
from lockpoint.services.deadlines import bounded
from lockpoint.services.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEEP_SECONDS: Final = 24 * 3600
PAUSE_SECONDS: Final = 30.0
"""Between fetches for unknown ids, and after a failure."""
SMALLEST_KEY_BITS: Final = 2048
LARGEST_BODY: Final = 65_536
MOST_KEYS: Final = 64
LONGEST_ID: Final = 256
CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 5.0
WAITING_TOGETHER: Final = 3
"""Threads that may wait for the key host."""


class KeySetUnavailableError(Exception):
    """The host does not answer, or with nonsense."""


class KeySetSource(Protocol):
    def fetch(self) -> Mapping[str, RSAPublicKey]:
        """At least one key by its id; KeySetUnavailableError."""
        ...


class HttpKeySet:
    """Asks without redirects, for at most `LARGEST_BODY` bytes."""

    def __init__(
        self, url: str, *, connect_seconds: float = CONNECT_SECONDS, read_seconds: float = READ_SECONDS
    ) -> None:
        self._url = url
        self._timeouts = (connect_seconds, read_seconds)

    def fetch(self) -> Mapping[str, RSAPublicKey]:
        try:
            # One session per call: fetches are rare.
            with requests.Session() as session:
                return read_key_set(self._get(session))
        except requests.RequestException as error:
            raise KeySetUnavailableError(type(error).__name__) from None

    def _get(self, session: requests.Session) -> bytes:
        deadline = time.monotonic() + self._timeouts[1]
        sent = session.get(self._url, timeout=bounded(self._timeouts), allow_redirects=False, stream=True)
        with closing(sent) as answer:
            if answer.status_code != requests.codes.ok:
                raise KeySetUnavailableError(f"status {answer.status_code}")
            body = b""
            while piece := answer.raw.read1(4096, decode_content=True):
                body += piece
                if len(body) > LARGEST_BODY or time.monotonic() > deadline:
                    raise KeySetUnavailableError("too large or too slow")
            return body


def read_key_set(body: bytes) -> Mapping[str, RSAPublicKey]:
    """Return the usable keys of a JWK set; KeySetUnavailableError when there is none."""
    try:
        listed = json.loads(body)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise KeySetUnavailableError("no key set") from None
    found = [_read_key(entry) for entry in listed[:MOST_KEYS]] if isinstance(listed, list) else []
    keys = dict(one for one in found if one is not None)
    if not keys:
        raise KeySetUnavailableError("no usable key")
    return keys


def _read_key(entry: object) -> tuple[str, RSAPublicKey] | None:
    if not isinstance(entry, dict) or entry.get("alg", "RS256") != "RS256" or entry.get("use", "sig") != "sig":
        return None
    key_id = entry.get("kid")
    if not isinstance(key_id, str) or not 0 < len(key_id) <= LONGEST_ID:
        return None
    try:
        key = jwt.PyJWK(entry, algorithm="RS256").key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    usable = isinstance(key, RSAPublicKey) and key.key_size >= SMALLEST_KEY_BITS
    return (key_id, key) if usable else None


class KeySet:
    """A thread-safe cache of the whole set; `clock` gives monotonic seconds.

    Fresh for a day. Known keys work while the host fails; an unknown id fetches again at most every 30 seconds.
    """

    def __init__(self, source: KeySetSource, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._fresh_until = float("-inf")
        self._asked_at = float("-inf")
        self._fetching = threading.Lock()
        self._places = threading.BoundedSemaphore(WAITING_TOGETHER)

    def key(self, key_id: str) -> RSAPublicKey:
        """TokenRefusedError for an unknown id; Busy when too many wait for the host."""
        known = self._keys.get(key_id)
        if known is None or self._clock() >= self._fresh_until:
            self._refresh(key_id, wait=known is None)
        key = self._keys.get(key_id)
        if key is None:
            raise TokenRefusedError(Reason.KEY_UNKNOWN if self._keys else Reason.KEY_UNAVAILABLE)
        return key

    def _refresh(self, key_id: str, *, wait: bool) -> None:
        """Without `wait`, one caller asks while the others go on with what is known."""
        if not self._may_ask():
            return
        if not self._places.acquire(blocking=False):
            if wait:
                raise Busy("The keys are being fetched. Try again.", details={"retryAfter": PAUSE_SECONDS})
            return
        try:
            if self._fetching.acquire(blocking=wait):
                try:
                    self._fetch_unless_done(key_id)
                finally:
                    self._fetching.release()
        finally:
            self._places.release()

    def _may_ask(self) -> bool:
        return self._clock() - self._asked_at >= PAUSE_SECONDS

    def _fetch_unless_done(self, key_id: str) -> None:
        """Another caller may have fetched while this one waited."""
        if not self._may_ask() or (key_id in self._keys and self._clock() < self._fresh_until):
            return
        try:
            self._keys = self._source.fetch()
            self._fresh_until = self._clock() + KEEP_SECONDS
        except KeySetUnavailableError:
            pass  # known keys go on working, unknown ones stay refused
        finally:
            # Not before: others wait for this fetch instead of being refused.
            self._asked_at = self._clock()
