"""Atlassian's public keys of signed installs.

A key id never changes its key. Atlassian's framework (`atlassian-connect-express`, verify-installation) asks two hosts
in this order; we also require status 200, a PEM public key of sufficient size and time limits.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import requests
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from lockpoint.connect.tokens import Reason, TokenRefusedError
from lockpoint.services.deadlines import bounded
from lockpoint.services.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KEEP_SECONDS: Final = 24 * 3600
STORED_SECONDS: Final = 3600
"""For keys that another process fetched."""
REFUSAL_SECONDS: Final = 60
"""Pause before asking again for an unknown key id or a stale key."""
SMALLEST_KEY_BITS: Final = 2048
LARGEST_BODY: Final = 10_240
CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 5.0
MOST_KEYS: Final = 64
MOST_REFUSALS: Final = 512
MOST_CALLERS: Final = 1024
FETCHES_TOGETHER: Final = 3
"""Threads that may wait for the key hosts."""
OF_ONE_CALLER: Final = 5
SECONDS_OF_ONE_CALLER: Final = 12.0
OF_ALL_CALLERS: Final = 60
SECONDS_OF_ALL_CALLERS: Final = 1.0

_PEM_START: Final = b"-----BEGIN PUBLIC KEY-----"


class KeyUnavailableError(Exception):
    """A key host failed; the key id stays unknown."""


class KeySource(Protocol):
    def fetch(self, key_id: str) -> RSAPublicKey | None:
        """None when every host denies it; raises KeyUnavailableError."""
        ...


class KeyStore(Protocol):
    """Keys that any process has fetched, as PEM."""

    def find(self, key_id: str) -> bytes | None: ...

    def keep(self, key_id: str, pem: bytes) -> None: ...

    def drop(self, key_id: str) -> None: ...


class HttpKeySource:
    """Asks hosts in order, without redirects, for at most `LARGEST_BODY` bytes.

    The checked key id is appended to `urls` (no closing slash).
    """

    def __init__(
        self, urls: Sequence[str], *, connect_seconds: float = CONNECT_SECONDS, read_seconds: float = READ_SECONDS
    ) -> None:
        self._urls = tuple(urls)
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds

    def fetch(self, key_id: str) -> RSAPublicKey | None:
        troubled: list[Exception] = []
        for url in self._urls:
            try:
                body = self._get(f"{url}/{key_id}")
                if body is not None:
                    return read_public_key(body)
            except (requests.RequestException, KeyUnavailableError) as error:
                troubled.append(error)
        if troubled:
            raise KeyUnavailableError(", ".join(type(error).__name__ for error in troubled)) from troubled[-1]
        return None

    def _get(self, url: str) -> bytes | None:
        deadline = time.monotonic() + self._read_seconds
        # One session per call: installs are rare.
        with (
            requests.Session() as session,
            closing(
                session.get(
                    url,
                    timeout=bounded((self._connect_seconds, self._read_seconds)),
                    allow_redirects=False,
                    stream=True,
                )
            ) as answer,
        ):
            if answer.status_code == requests.codes.not_found:
                return None
            if answer.status_code != requests.codes.ok:
                raise KeyUnavailableError(f"status {answer.status_code}")
            return _read(answer, deadline)


def read_public_key(body: bytes) -> RSAPublicKey:
    """KeyUnavailableError unless PEM, RSA and long enough."""
    if not body.strip().startswith(_PEM_START):
        raise KeyUnavailableError("no PEM public key")
    try:
        key = load_pem_public_key(body)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnavailableError("unreadable key") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY_BITS:
        raise KeyUnavailableError("no RSA key of sufficient size")
    return key


def _read(answer: requests.Response, deadline: float) -> bytes:
    """Piecewise, to limit size and time."""
    body = b""
    while piece := answer.raw.read1(4096, decode_content=True):
        body += piece
        if len(body) > LARGEST_BODY or time.monotonic() > deadline:
            raise KeyUnavailableError("too large or too slow")
    return body


@dataclass(frozen=True, slots=True)
class _Kept:
    key: RSAPublicKey
    fresh_until: float


class _Ration:
    """What may be asked for unknown key ids: `most` at once, then one for each `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, now: float) -> bool:
        left, at = self._left.pop(caller, (float(self._most), now))
        left = min(self._most, left + (now - at) / self._seconds)
        self._left[caller] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > MOST_CALLERS:
            self._left.popitem(last=False)
        return left >= 1


class InstallKeys:
    """A bounded, thread-safe cache in front of `store`; `clock` gives monotonic seconds.

    Keys are fresh for a day. Stale keys are refetched, work while hosts fail, and go when denied. Unknown ids are
    cached for a minute. Fetches are rationed, by caller and in all: inventing ids costs little, and others nothing.
    """

    def __init__(self, source: KeySource, store: KeyStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._refused: OrderedDict[str, tuple[float, Reason]] = OrderedDict()
        self._of_one = _Ration(OF_ONE_CALLER, SECONDS_OF_ONE_CALLER)
        self._of_all = _Ration(OF_ALL_CALLERS, SECONDS_OF_ALL_CALLERS)
        self._places = threading.BoundedSemaphore(FETCHES_TOGETHER)

    def key(self, key_id: str, caller: str = "") -> RSAPublicKey:
        """The id must be checked; `caller` is a network address. TokenRefusedError, and Busy when it must wait."""
        now = self._clock()
        with self._lock:
            kept = self._kept.get(key_id)
            if kept and kept.fresh_until > now:
                self._kept.move_to_end(key_id)
                return kept.key
            if kept is None:
                self._check_refusals(key_id, now)
            else:
                # Others use the old key while this caller asks.
                self._keep(key_id, kept.key, now + REFUSAL_SECONDS)
        if kept is None and (stored := self._stored(key_id, now)):
            return stored
        return self._fetch_in_turn(key_id, kept, caller)

    def _check_refusals(self, key_id: str, now: float) -> None:
        until, reason = self._refused.get(key_id, (now, Reason.KEY_UNKNOWN))
        if until > now:
            raise TokenRefusedError(reason)

    def _stored(self, key_id: str, now: float) -> RSAPublicKey | None:
        pem = self._store.find(key_id)
        if pem is None:
            return None
        key = read_public_key(pem)
        with self._lock:
            self._keep(key_id, key, now + STORED_SECONDS)
        return key

    def _fetch_in_turn(self, key_id: str, kept: _Kept | None, caller: str) -> RSAPublicKey:
        if kept is None:
            self._spend(caller)
        if not self._places.acquire(blocking=False):
            if kept is not None:
                return kept.key
            raise _no_turn()
        try:
            return self._fetch(key_id, kept)
        finally:
            self._places.release()

    def _spend(self, caller: str) -> None:
        now = self._clock()
        with self._lock:
            if not (self._of_one.take(_network(caller), now) and self._of_all.take("", now)):
                raise _no_turn()

    def _fetch(self, key_id: str, kept: _Kept | None) -> RSAPublicKey:
        try:
            key = self._source.fetch(key_id)
        except KeyUnavailableError:
            if kept is None:
                self._refuse(key_id, Reason.KEY_UNAVAILABLE)
                raise TokenRefusedError(Reason.KEY_UNAVAILABLE) from None
            return kept.key
        if key is None:
            self._refuse(key_id, Reason.KEY_UNKNOWN)
            self._store.drop(key_id)
            raise TokenRefusedError(Reason.KEY_UNKNOWN)
        with self._lock:
            self._keep(key_id, key, self._clock() + KEEP_SECONDS)
        self._store.keep(key_id, key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return key

    def _keep(self, key_id: str, key: RSAPublicKey, fresh_until: float) -> None:
        self._refused.pop(key_id, None)
        self._kept[key_id] = _Kept(key, fresh_until)
        self._kept.move_to_end(key_id)
        if len(self._kept) > MOST_KEYS:
            self._kept.popitem(last=False)

    def _refuse(self, key_id: str, reason: Reason) -> None:
        with self._lock:
            self._kept.pop(key_id, None)
            self._refused[key_id] = (self._clock() + REFUSAL_SECONDS, reason)
            self._refused.move_to_end(key_id)
            if len(self._refused) > MOST_REFUSALS:
                self._refused.popitem(last=False)


def _network(address: str) -> str:
    """Return what one caller can have many addresses of."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if found.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))  # noqa: PLR2004


def _no_turn() -> Busy:
    return Busy("Too many unknown keys are being asked for. Try again.", details={"retryAfter": SECONDS_OF_ONE_CALLER})
