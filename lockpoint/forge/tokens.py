"""The app's own token of a site: read on arrival, taken from the store for our calls."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

import jwt

from lockpoint.forge.access import plausible
from lockpoint.services.errors import NoTokenYet
from lockpoint.services.ports.forge import AccessToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockpoint.services.context import Tenant
    from lockpoint.services.ports.forge import SystemTokens

ASSUMED_LIFE: Final = timedelta(minutes=110)
LONGEST_LIFE: Final = timedelta(hours=6)
"""A token that claims a longer life is asked for anew so soon."""
EARLY: Final = timedelta(seconds=60)
KEPT_SECONDS: Final = 30.0
TRY_SECONDS: Final = 10.0
"""Between tries of tokens that screens bring: they may be invented."""
MOST_SITES: Final = 10_000

_V = TypeVar("_V")


def read_token(header: str | None, now: datetime) -> AccessToken | None:
    """Return the token of a header with its end; None without a usable one.

    Its `exp` may be read, all else is opaque.
    """
    if header is None or not plausible(header):
        return None
    ends = _end(header)
    until = now + ASSUMED_LIFE if ends is None else min(ends, now + LONGEST_LIFE)
    return AccessToken(header, until) if until > now else None


def _end(token: str) -> datetime | None:
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class _Kept:
    token: AccessToken
    read_at: float


class StoredTokens:
    """In front of the store, for half a minute; thread-safe. `now` is the wall clock, `monotonic` in seconds."""

    def __init__(self, store: SystemTokens, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._tried: OrderedDict[int, float] = OrderedDict()

    def token(self, tenant: Tenant) -> AccessToken:
        """NoTokenYet, also for an inactive site; StorageUnavailable."""
        now = self._now() + EARLY
        with self._lock:
            kept = self._kept.get(tenant.id)
        if kept and self._monotonic() - kept.read_at < KEPT_SECONDS and kept.token.expires_at > now:
            return kept.token
        return self._read(tenant, now)

    def refused(self, tenant: Tenant) -> bool:
        """Erase the token that the host refused; return whether another one is there already."""
        with self._lock:
            kept = self._kept.pop(tenant.id, None)
        if kept is not None:
            self._store.drop(tenant, kept.token)
        return self._store.find(tenant, self._now() + EARLY) is not None

    def has(self, tenant: Tenant, value: str) -> bool:
        """Whether this process has seen it stored just now: Forge hands out one token many times."""
        with self._lock:
            kept = self._kept.get(tenant.id)
        if kept is None or kept.token.value != value:
            return False
        return self._monotonic() - kept.read_at < KEPT_SECONDS

    def note(self, tenant: Tenant, token: AccessToken) -> None:
        with self._lock:
            _put(self._kept, tenant.id, _Kept(token, self._monotonic()))

    def wanted(self, tenant: Tenant) -> bool:
        """Whether a screen's token may be tried now: none is live, and none was tried for some seconds."""
        with self._lock:
            if self._monotonic() - self._tried.get(tenant.id, -TRY_SECONDS) < TRY_SECONDS:
                return False
        try:
            self.token(tenant)
        except NoTokenYet:
            with self._lock:
                _put(self._tried, tenant.id, self._monotonic())
            return True
        return False

    def forget(self, tenant: Tenant) -> None:
        with self._lock:
            self._kept.pop(tenant.id, None)

    def _read(self, tenant: Tenant, now: datetime) -> AccessToken:
        found = self._store.find(tenant, now)
        with self._lock:
            if found is None:
                self._kept.pop(tenant.id, None)
        if found is None:
            raise NoTokenYet("Forge has given no token for this site")
        self.note(tenant, found)
        return found


def _put(cache: OrderedDict[int, _V], site: int, value: _V) -> None:
    cache[site] = value
    cache.move_to_end(site)
    if len(cache) > MOST_SITES:
        cache.popitem(last=False)


@dataclass(frozen=True, slots=True)
class ForgeSigner:
    tokens: StoredTokens

    def authorization(self, tenant: Tenant, method: str, target: str) -> str:
        """The `Authorization` header, the same for every call; NoTokenYet, StorageUnavailable."""
        del method, target
        return f"Bearer {self.tokens.token(tenant).value}"

    def refused(self, tenant: Tenant) -> bool:
        return self.tokens.refused(tenant)
