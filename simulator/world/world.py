"""State of all sites, under one lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from simulator.model.clock import Clock
from simulator.model.entities import App
from simulator.model.forge import ForgeCloud
from simulator.model.keys import InstallKeys
from simulator.model.quota import Quota
from simulator.model.site import Site
from simulator.webhooks.dispatch import Webhooks
from simulator.world.exchanges import Records
from simulator.world.faults import Faults


@dataclass(frozen=True, slots=True)
class BearerToken:
    """Impersonation token of one person on one site until `expires_at` (seconds)."""

    site: str
    app_key: str
    account_id: str
    scopes: frozenset[str]
    expires_at: int


class World:
    """Read and write under `lock`; every handler does."""

    def __init__(self, fill: Callable[[World, dict[str, str]], None], clock: Clock | None = None) -> None:
        self._fill = fill
        self._base_urls: dict[str, str] = {}
        self.lock = threading.RLock()
        self.clock = clock or Clock()
        self.sites: dict[str, Site] = {}
        self.apps: dict[str, App] = {}
        self.bearers: dict[str, BearerToken] = {}
        self.control_url = ""
        self.faults = Faults()
        self.records = Records()
        self.quota = Quota(self.clock)
        self.keys = InstallKeys()
        self.forge = ForgeCloud()
        self.webhooks = Webhooks(self.sites, self.clock)
        self.media_secret = b"signed-download-addresses"

    @property
    def oauth_url(self) -> str:
        """Token issuer and assertion audience."""
        return f"{self.control_url}/_sim/oauth"

    @property
    def install_keys_url(self) -> str:
        """Without `/<kid>`."""
        return f"{self.control_url}/_sim/install-keys"

    @property
    def seeded_urls(self) -> dict[str, str]:
        """By site key, from before renames."""
        return self._base_urls

    def open(self, base_urls: dict[str, str]) -> None:
        """Seed the world; `base_urls` by site key. Control calls go to the first origin."""
        self._base_urls = base_urls
        self.control_url = next(iter(base_urls.values())).removesuffix("/wiki")
        self._fill(self, base_urls)

    def reset(self, *, keep_apps: bool = False) -> None:
        """`keep_apps` keeps registrations, not installations."""
        with self.lock:
            self.clock.offset_seconds, self.clock.tokens = 0.0, False
            self.sites.clear()
            self.bearers.clear()
            self.forge.clear()
            if not keep_apps:
                self.apps.clear()
            self.webhooks.clear()
            self.faults.clear()
            self.records.clear()
            self.quota.clear()
            self._fill(self, self._base_urls)
