"""Cached sites that may call us, and the signing of our calls."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lockpoint.connect.site_memory import SiteMemory
from lockpoint.connect.tokens import SigningKey, sign_call
from lockpoint.services.errors import Unauthorised

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockpoint.services.context import Tenant
    from lockpoint.services.ports.tenancy import Installation, Installations

PREVIOUS_SECRET_SECONDS: Final = 180.0
"""How long a replaced secret counts: the life of a token under way."""


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


class SiteDirectory:
    """By client key; `clock` gives monotonic seconds.

    Other processes' changes count after seconds, or when a signature does not fit.
    """

    def __init__(self, installations: Installations, clock: Callable[[], float] = time.monotonic) -> None:
        self._memory: SiteMemory[Site] = SiteMemory(
            lambda site_key: _site(installations.find(site_key)),
            installations.changed,
            lambda site: site.tenant.site_key,
            clock,
        )

    def find(self, site_key: str) -> Site | None:
        """StorageUnavailable when the database cannot tell."""
        return self._memory.find(site_key)

    def find_active(self, site_key: str) -> Site | None:
        """The stored site, None when inactive; raises StorageUnavailable.

        Asked before each call: none follows an uninstall in another process.
        """
        site = self._memory.read(site_key)
        return site if site is not None and site.tenant.enabled else None

    def reread(self, site: Site) -> Site | None:
        """After a token that did not fit; None if done just now."""
        return self._memory.reread(site.tenant.site_key, site)

    def forget(self, tenant: Tenant) -> None:
        self._memory.forget(tenant.site_key)


@dataclass(frozen=True, slots=True)
class AppSigner:
    sites: SiteDirectory
    app_key: str
    now: Callable[[], float]

    def authorization(self, tenant: Tenant, method: str, target: str) -> str:
        """The `Authorization` header; Unauthorised for an inactive site, StorageUnavailable.

        `target`: path and query exactly as sent, below the tenant's base URL (no `/wiki`).
        """
        site = self.sites.find_active(tenant.site_key)
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
