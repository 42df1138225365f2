"""Sites behind the Forge door, and the app's stored tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lockpoint.services.context import Priority, Tenant
from lockpoint.services.ports.jobs import Job
from lockpoint.services.ports.tenancy import InstallationEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeRegistration:
    """What a verified invocation says of its site; REST calls go to `url`, which ends in `/wiki`."""

    cloud_id: str
    url: str
    installation: str
    environment: str
    version: str


class Sign(StrEnum):
    """A call of the platform that admins miss when it does not come."""

    EVENT = "event"
    TICK = "tick"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeSite:
    """A site by its cloud id. `registration` None: it has come by Connect alone; `connected`: Connect's secret is kept.

    `display_url` is the site's own address; `heard` has when Forge sent each kind of call last.
    """

    tenant: Tenant
    registration: ForgeRegistration | None
    display_url: str | None
    seen_at: datetime | None
    connected: bool
    heard: Mapping[Sign, datetime] = field(default_factory=dict)


class ForgeSiteChange(Protocol):
    """One transaction; nobody else changes this site meanwhile."""

    def find(self) -> ForgeSite | None:
        """Departed ones, too."""
        ...

    def open(self, registration: ForgeRegistration, display_url: str | None, at: datetime) -> Tenant:
        """Insert or update: the site's door is Forge's from now on. Tokens of another installation are erased.

        A display URL of None keeps the known one.
        """
        ...

    def close(self, at: datetime) -> Tenant:
        """Erase the token; the door is Connect's where its secret is kept, else the site has left."""
        ...

    def name(self, tenant: Tenant) -> None:
        """Give another site, known by Connect, this cloud id; one that has left loses it."""
        ...

    def adopt(self, former_key: str) -> None:
        """What was signed for an earlier installation counts for this site from now on, its locks unchecked."""
        ...

    def log(self, tenant_id: int, event: InstallationEvent, at: datetime) -> None: ...

    def come_back(self, tenant_id: int) -> None:
        """Note that the site is active again, by the storage's clock, and its locks unchecked."""
        ...

    def defer(self, jobs: Sequence[Job]) -> None: ...


class KnownSites(Protocol):
    """Sites as a process may remember them; every method raises `StorageUnavailable`."""

    def find(self, cloud_id: str) -> ForgeSite | None:
        """Departed ones, too."""
        ...

    def note_seen(self, tenant: Tenant, at: datetime, sign: Sign | None) -> None:
        """By any call, and by that kind of call."""
        ...


class ForgeSites(KnownSites, Protocol):
    """Every method raises `StorageUnavailable`; `find` costs one round trip."""

    def silent(self, before: datetime, now: datetime) -> Sequence[ForgeSite]:
        """Return sites at Forge's door that were seen last before that, and have no live token."""
        ...

    def former(self, tenant: Tenant) -> Tenant | None:
        """Return the installation by Connect that left this site's address last.

        A live one there may be another site's: the address is what a screen said. Its cloud id proves whose it is.
        """
        ...

    def note_account(self, tenant: Tenant, account: str) -> None:
        """Add one of the app's own accounts on the site."""
        ...

    def note_address(self, tenant: Tenant, display_url: str) -> None: ...

    def change(self, cloud_id: str) -> AbstractContextManager[ForgeSiteChange]: ...


class SiteFacts(Protocol):
    """What a site says of itself; raises the host's errors."""

    def cloud_id(self, tenant: Tenant, *, priority: Priority) -> str | None: ...

    def address(self, tenant: Tenant, *, priority: Priority) -> str | None: ...


@dataclass(frozen=True, slots=True)
class AccessToken:
    """Of the app itself, or of a person, for one site."""

    value: str = field(repr=False)
    expires_at: datetime


class SystemTokens(Protocol):
    """Every method raises `StorageUnavailable`."""

    def find(self, tenant: Tenant, now: datetime) -> AccessToken | None:
        """Return the stored one while it lives and the site is active."""
        ...

    def keep(self, tenant: Tenant, token: AccessToken, now: datetime, catch_up: Sequence[Job]) -> bool:
        """Store it if it outlives the known one by minutes; return whether none was live, or none that a key opens.

        Then `catch_up` is queued and waiting jobs become due, in the same transaction.
        """
        ...

    def drop(self, tenant: Tenant, token: AccessToken) -> None:
        """Erase it if it is still the stored one, by its value: the host refused it."""
        ...
