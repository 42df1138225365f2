"""Who asks, and of which site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Door(StrEnum):
    """How a site reaches the app, and the app the site."""

    CONNECT = "connect"
    FORGE = "forge"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One installation. `id` is our row id and is never signed; `site_key` outlives a re-install.

    Calls go to `base_url`, which ends in `/wiki`; `display_url` is for links only. `returned_at` is when the app became
    active here again: installed, enabled or licensed. `cloud_id` is Atlassian's name of the site where it is known;
    `app_accounts` are the accounts that the app has had here, by any door. `former_key`: what was signed for an earlier
    installation of this site counts, too.
    """

    id: int
    site_key: str
    base_url: str
    display_url: str | None = None
    oauth_client_id: str | None = None
    installed: bool = True
    enabled: bool = True
    returned_at: datetime | None = None
    door: Door = Door.CONNECT
    cloud_id: str | None = None
    app_accounts: frozenset[str] = frozenset()
    former_key: str | None = None

    @property
    def signed_names(self) -> tuple[str, ...]:
        """What signatures that count here are bound to; new ones to the first."""
        return (self.site_key,) if self.former_key is None else (self.site_key, self.former_key)

    @property
    def active(self) -> bool:
        """Whether the app may call this site and act on it."""
        return self.installed and self.enabled


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of a tenant, from a verified token."""

    tenant: Tenant
    account_id: str


class Priority(StrEnum):
    """Urgency of a host call; it decides who pays when points are short."""

    INTERACTIVE = "people"
    EVENT = "hints"
    SWEEP = "sweep"
    MAINTENANCE = "reports"
