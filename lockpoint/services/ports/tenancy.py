"""Sites: installations, licences, settings, usage counts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from lockpoint.services.context import Priority, Tenant
from lockpoint.services.ports.jobs import Job

ERASED: Final = ""
"""The base URL of a site that left so long ago that its data are gone."""

LICENCE_FRESH: Final = timedelta(hours=1)
"""How long an answer of Confluence about a licence counts."""


class Tenants(Protocol):
    """The installations that use cases and jobs ask for."""

    def by_id(self, tenant_id: int) -> Tenant | None:
        """One installation, also an inactive one."""
        ...

    def active(self) -> Sequence[Tenant]:
        """Installed and enabled ones."""
        ...

    def installed(self) -> Sequence[Tenant]:
        """Installed ones, disabled ones too."""
        ...


@dataclass(frozen=True, slots=True)
class SettingsNote:
    """The newest settings of a site that we know: `fields` is their canonical JSON, to be written again if need be."""

    revision: int
    fields: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """What Postgres keeps of a site: its newest settings, the self-test's result, and where a search stands."""

    settings: SettingsNote | None = None
    restore_works: bool | None = None
    tested_at: datetime | None = None
    scratch_id: str | None = None
    cursor: str | None = None


class SiteStates(Protocol):
    """Per-site state; each method touches its own columns only, so that writers cannot undo each other."""

    def get(self, tenant: Tenant) -> SiteState:
        """The state; the empty one when nothing was stored."""
        ...

    def note_test(self, tenant: Tenant, *, works: bool, at: datetime, scratch_id: str | None) -> None:
        """Keep what a trial of the restore operation showed; a scratch id of None leaves the known one."""
        ...

    def note_place(self, tenant: Tenant, cursor: str | None) -> None:
        """Keep where the search for locks goes on."""
        ...

    def exclusive(self, tenant: Tenant) -> AbstractContextManager[None]:
        """Hold the site's settings and preferences alone (advisory lock) for the duration of the block."""
        ...


class InstallationEvent(StrEnum):
    """What is logged about an installation (no personal data)."""

    INSTALLED = "installed"
    REINSTALLED = "reinstalled"
    SECRET_CHANGED = "secret_changed"  # noqa: S105 - the name of an event
    RENAMED = "renamed"
    SUPERSEDED = "superseded"
    UNINSTALLED = "uninstalled"
    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What is stored about one installation, by client key; secrets in the clear here, encrypted by the storage.

    `secret` is None once uninstalled, and `uninstalled_at` tells since when. `previous_secret` was in force until
    `secret_changed_at`.
    """

    client_key: str
    base_url: str
    display_url: str | None = None
    oauth_client_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    previous_secret: str | None = field(default=None, repr=False)
    secret_changed_at: datetime | None = None
    installed: bool = True
    enabled: bool = True
    uninstalled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Installation:
    """A stored registration with the tenant it stands for."""

    tenant: Tenant
    registration: Registration


class InstallationChange(Protocol):
    """One transaction that alone may change the installations with this client key or base URL."""

    def find(self, client_key: str) -> Installation | None:
        """The row, also of an uninstalled site."""
        ...

    def find_replaced(self, client_key: str) -> Installation | None:
        """The row whose secret is about to be replaced or erased: one that no key opens any more counts as none."""
        ...

    def sharing(self, base_url: str, *, other_than: str) -> Sequence[Installation]:
        """Installed rows with this base URL and another client key than `other_than`; lost secrets count as none."""
        ...

    def store(self, registration: Registration) -> Tenant:
        """Insert or replace the row of this client key (the tenant's id never changes)."""
        ...

    def log(self, tenant_id: int, event: InstallationEvent, at: datetime) -> None:
        """Add a line to the log of installs and uninstalls."""
        ...

    def come_back(self, tenant_id: int) -> None:
        """Note that the app is at work here again, by the storage's clock, and that nobody read its holds since."""
        ...

    def defer(self, jobs: Sequence[Job]) -> None:
        """Put jobs into the queue in this transaction, coalescing equal ones."""
        ...


class Installations(Protocol):
    """The installation table; every method raises `StorageUnavailable`."""

    def find(self, client_key: str) -> Installation | None:
        """The installation of a client key, also an uninstalled one; one round trip."""
        ...

    def change(self, client_key: str, base_url: str | None = None) -> AbstractContextManager[InstallationChange]:
        """A transaction under advisory locks on both values; commits at the end of the block, unless it raises."""
        ...


class SiteCache(Protocol):
    """What one process keeps of sites in its memory."""

    def forget(self, tenant: Tenant) -> None:
        """Drop everything of the site; what is needed again is asked for again."""
        ...


class Licence(StrEnum):
    """What is known of a site's licence; an evaluation counts as one."""

    ACTIVE = "active"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class LicenceNote:
    """What was last heard, and when; both None when nothing was heard yet."""

    licence: Licence | None = None
    checked_at: datetime | None = None


class Licences(Protocol):
    """What we remember of licences; `StorageUnavailable`."""

    def get(self, tenant: Tenant) -> LicenceNote:
        """What was last heard."""
        ...

    def note(self, tenant: Tenant, *, active: bool, at: datetime) -> Licence:
        """Remember what was heard at `at`, and answer what counts; with a licence that comes back the site does."""
        ...

    def lift(self) -> None:
        """Licences do not count any more: sites that had none come back."""
        ...


class LicenceSource(Protocol):
    """What Confluence says of the licence."""

    def active(self, tenant: Tenant, *, priority: Priority) -> bool:
        """Whether the site has a licence, or an evaluation, now; raises the host's errors."""
        ...


class UsageEvent(StrEnum):
    """All that is ever counted."""

    LOCKED = "locked"
    EXTENDED = "extended"
    RELEASED = "released"
    BROKEN = "broken"
    TAKEN_OVER = "taken_over"
    ASKED_TO_BE_TOLD = "asked_to_be_told"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """How often something happened on one UTC day; locale and zone are "" where they are not known."""

    day: date
    event: UsageEvent
    locale: str
    zone: str
    count: int


class UsageCounts(Protocol):
    """Counts of days without people, for sites that switched them on; `StorageUnavailable`."""

    def counting(self, tenant: Tenant) -> bool:
        """Whether the site has its usage counted."""
        ...

    def switch(self, tenant: Tenant, *, on: bool) -> None:
        """Begin to count, or stop and erase every count of the site, in one transaction."""
        ...

    def count(self, tenant: Tenant, account: str, event: UsageEvent, day: date) -> None:
        """Add one, unless the site has it off; of the account only locale and time zone are used, as far as known."""
        ...

    def kept(self, tenant: Tenant, since: date) -> Sequence[UsageRow]:
        """Every count of the site from that day on, newest day first."""
        ...
