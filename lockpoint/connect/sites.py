"""Cached sites that may call us, and the signing of our calls."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from lockpoint.connect.tokens import SigningKey, sign_call
from lockpoint.services.errors import StorageUnavailable, Unauthorised

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockpoint.services.context import Tenant
    from lockpoint.services.ports.tenancy import Installation, Installations

FRESH_SECONDS: Final = 5.0
"""A site is served so long after it was read, or after a look for changes that did not name it."""
LOOK_SECONDS: Final = 2.0
KEPT_SECONDS: Final = 300.0
"""A site is read again after so long, whatever looks said."""
UNKNOWN_SECONDS: Final = 5.0
STALE_SECONDS: Final = 600.0
"""How long known sites are served without the database."""
REREAD_SECONDS: Final = 2.0
"""Minimum between rereads after bad signatures."""
PREVIOUS_SECRET_SECONDS: Final = 180.0
"""How long a replaced secret counts: the life of a token under way."""
MOST_SITES: Final = 10_000
MOST_UNKNOWN: Final = 2_000

_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Site:
    tenant: Tenant
    secret: str = field(repr=False)
    key: SigningKey = field(repr=False)
    previous_key: SigningKey | None = field(default=None, repr=False)
    changed_at: float = 0.0

    def keys(self, now: float) -> tuple[SigningKey, ...]:
        """The current key and, for 3 minutes, the previous; `now` is seconds since 1970."""
        if self.previous_key is None or not 0 <= now - self.changed_at < PREVIOUS_SECRET_SECONDS:
            return (self.key,)
        return (self.key, self.previous_key)


@dataclass(frozen=True, slots=True)
class _Kept:
    site: Site
    read_at: float
    doubted_at: float | None = None


class SiteDirectory:
    """A bounded, thread-safe cache by client key; `clock` gives monotonic seconds.

    Lifecycle events call `forget` in their process; others notice within `FRESH_SECONDS`, since one look in
    `LOOK_SECONDS` asks for the changes of all sites, or when a signature does not fit.
    """

    def __init__(self, installations: Installations, clock: Callable[[], float] = time.monotonic) -> None:
        self._installations = installations
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Kept] = OrderedDict()
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._mark: str | None = None
        self._looks = 0
        self._looked_at = self._tried_at = -math.inf

    def find(self, client_key: str) -> Site | None:
        """StorageUnavailable when the database cannot tell."""
        now = self._clock()
        self._look(now)
        with self._lock:
            kept = self._known.get(client_key)
            if kept is not None and self._fresh(kept, now):
                self._known.move_to_end(client_key)
                return kept.site
            if self._unknown.get(client_key, now) > now:
                return None
        try:
            return self._read(client_key)
        except StorageUnavailable:
            if kept is not None and now - kept.read_at < STALE_SECONDS:
                return kept.site
            raise

    def find_active(self, client_key: str) -> Site | None:
        """The stored site, None when inactive; raises StorageUnavailable.

        Asked before each call: none follows an uninstall in another process.
        """
        site = self._read(client_key)
        return site if site is not None and site.tenant.enabled else None

    def reread(self, site: Site) -> Site | None:
        """After a token that did not fit; None if done just now."""
        client_key = site.tenant.client_key
        now = self._clock()
        with self._lock:
            kept = self._known.get(client_key)
            if kept is not None and kept.site is not site:
                return kept.site
            if kept is not None and kept.doubted_at is not None and now - kept.doubted_at < REREAD_SECONDS:
                return None
        return self._read(client_key, doubted_at=now)

    def forget(self, tenant: Tenant) -> None:
        with self._lock:
            self._known.pop(tenant.client_key, None)
            self._unknown.pop(tenant.client_key, None)

    def _fresh(self, kept: _Kept, now: float) -> bool:
        seen_at = max(kept.read_at, self._looked_at) if now - kept.read_at < KEPT_SECONDS else kept.read_at
        return now - seen_at < FRESH_SECONDS

    def _look(self, now: float) -> None:
        """Drop what changed, at most every `LOOK_SECONDS`; without the database, sites go stale."""
        with self._lock:
            if now - self._tried_at < LOOK_SECONDS:
                return
            self._tried_at = now
            since = self._mark
        try:
            mark, changed = self._installations.changed(since)
        except StorageUnavailable:
            return
        with self._lock:
            self._mark, self._looked_at, self._looks = mark, now, self._looks + 1
            for cache in (self._known, self._unknown):
                for client_key in list(cache) if changed is None else changed:
                    cache.pop(client_key, None)

    def _read(self, client_key: str, doubted_at: float | None = None) -> Site | None:
        read_at, looks = self._clock(), self._looks
        site = _site(self._installations.find(client_key))
        with self._lock:
            if looks != self._looks:
                return site  # a look meanwhile may have seen what this read did not
            if site is None:
                self._known.pop(client_key, None)
                _put(self._unknown, client_key, read_at + UNKNOWN_SECONDS, MOST_UNKNOWN)
            else:
                self._unknown.pop(client_key, None)
                _put(self._known, client_key, _Kept(site, read_at, doubted_at), MOST_SITES)
        return site


@dataclass(frozen=True, slots=True)
class AppSigner:
    sites: SiteDirectory
    app_key: str
    now: Callable[[], float]

    def authorization(self, tenant: Tenant, method: str, target: str) -> str:
        """The `Authorization` header; Unauthorised for an inactive site, StorageUnavailable.

        `target`: path and query exactly as sent, below the tenant's base URL (no `/wiki`).
        """
        site = self.sites.find_active(tenant.client_key)
        if site is None:
            raise Unauthorised("the site is not active")
        token = sign_call(method, target, "", app_key=self.app_key, key=site.key, now=self.now())
        return f"JWT {token}"

    def refused(self, tenant: Tenant) -> bool:
        """Nothing is remembered: every call is signed by the stored secret."""
        del tenant
        return False


def _site(installation: Installation | None) -> Site | None:
    if installation is None or not installation.tenant.installed:
        return None
    stored = installation.registration
    if stored.secret is None:
        return None
    return Site(
        tenant=installation.tenant,
        secret=stored.secret,
        key=SigningKey(stored.secret),
        previous_key=None if stored.previous_secret is None else SigningKey(stored.previous_secret),
        changed_at=0.0 if stored.secret_changed_at is None else stored.secret_changed_at.timestamp(),
    )


def _put(cache: OrderedDict[str, _V], key: str, value: _V, most: int) -> None:
    cache[key] = value
    cache.move_to_end(key)
    if len(cache) > most:
        cache.popitem(last=False)
