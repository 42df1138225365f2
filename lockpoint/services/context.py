"""Who asks, and of which site: passed explicitly to every use case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Tenant:
    """One installation. `id` is our own row id and is never signed; `client_key` outlives a re-install.

    `base_url` ends in `/wiki` and is where calls go; `display_url` is for links only. `returned_at` is when the app was
    last at work here again after it had not been: installed, enabled or licensed anew.
    """

    id: int
    client_key: str
    base_url: str
    display_url: str | None = None
    oauth_client_id: str | None = None
    installed: bool = True
    enabled: bool = True
    returned_at: datetime | None = None

    @property
    def active(self) -> bool:
        """Whether the app may call this site and act on it."""
        return self.installed and self.enabled


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of a tenant, known from a verified token."""

    tenant: Tenant
    account_id: str


class Priority(StrEnum):
    """Who pays for a call out of the hourly points: people come first, reports last."""

    INTERACTIVE = "people"
    EVENT = "hints"
    SWEEP = "sweep"
    MAINTENANCE = "reports"
