"""Sites: installations, licences, settings, usage counts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from lockpoint.services.context import Door, Priority, Tenant
from lockpoint.services.ports.jobs import Job

ERASED: Final = ""
"""The base URL of a departed site whose data are erased."""

LICENCE_FRESH: Final = timedelta(hours=1)
"""How long Confluence's answer counts."""


class Tenants(Protocol):
    def by_id(self, tenant_id: int) -> Tenant | None:
        """Inactive ones, too."""
        ...

    def active(self) -> Sequence[Tenant]:
        """Installed and enabled."""
        ...

    def active_ids(self) -> Sequence[int]:
        """Their ids alone: there may be ten thousand."""
        ...

    def installed(self) -> Sequence[Tenant]:
        """Disabled ones, too."""
        ...


@dataclass(frozen=True, slots=True)
class SettingsNote:
    """The newest known settings; `fields` is their canonical JSON, written again at need.

    Of a space (`space_id`), `revision` is the version of its property, and people are left out; `anew`: somebody had
    deleted the property, and its versions begin again. What it switches on begins with its storing, by the storage's
    clock, and so does `noted_at` of what is read back.
    """

    revision: int
    fields: str
    space_id: str | None = None
    returns: bool = field(default=False, compare=False)
    strict_begins: bool = field(default=False, compare=False)
    anew: bool = field(default=False, compare=False)
    noted_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """When a space was switched on again, and when it became strict (None: neither); by itself or with its site.

    `spaces_decide`: some space of the site says itself whether it is active. `spaces_differ`: one says that, or when
    locks end or are warned of, so that it matters to a lock where its page is. `strict_somewhere`: site or a space is.
    """

    returned_at: datetime | None = None
    strict_at: datetime | None = None
    spaces_decide: bool = False
    spaces_differ: bool = False
    strict_somewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """Settings, revision of the texts of mails, result of the restore probe, place of a search."""

    settings: SettingsNote | None = None
    restore_works: bool | None = None
    tested_at: datetime | None = None
    scratch_id: str | None = None
    cursor: str | None = None
    template_revision: int | None = None


class SiteStates(Protocol):
    """Each method writes its own columns only: no writer undoes another."""

    def get(self, tenant: Tenant) -> SiteState: ...

    def space_settings(self, tenant: Tenant, space_id: str) -> SettingsNote | None: ...

    def revisions(self, tenant: Tenant, space_id: str | None) -> tuple[int | None, int | None]:
        """Return the newest known revision of the site's settings, and of the space's; one round trip."""
        ...

    def switches(self, tenant: Tenant, space_id: str | None) -> Switches:
        """One round trip; without a space those of the site."""
        ...

    def note_test(self, tenant: Tenant, *, works: bool, at: datetime, scratch_id: str | None) -> None:
        """A scratch id of None keeps the known one."""
        ...

    def note_place(self, tenant: Tenant, cursor: str | None) -> None:
        """Where the search for locks continues."""
        ...

    def exclusive(self, tenant: Tenant) -> AbstractContextManager[None]:
        """Hold the site's settings and preferences alone for the block (advisory lock)."""
        ...


class InstallationEvent(StrEnum):
    INSTALLED = "installed"
    REINSTALLED = "reinstalled"
    SECRET_CHANGED = "secret_changed"  # noqa: S105 - the name of an event
    RENAMED = "renamed"
    SUPERSEDED = "superseded"
    MOVED = "moved"
    SILENT = "silent"
    UNINSTALLED = "uninstalled"
    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Secrets in the clear here, encrypted in storage.

    `secret` is None once uninstalled. `previous_secret` was in force until `secret_changed_at`.
    """

    site_key: str
    base_url: str
    display_url: str | None = None
    oauth_client_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    previous_secret: str | None = field(default=None, repr=False)
    secret_changed_at: datetime | None = None
    installed: bool = True
    enabled: bool = True
    uninstalled_at: datetime | None = None
    door: Door = Door.CONNECT


@dataclass(frozen=True, slots=True)
class Installation:
    tenant: Tenant
    registration: Registration


class InstallationChange(Protocol):
    """One transaction; it alone may change the installations with this client key or base URL."""

    def find(self, site_key: str) -> Installation | None:
        """Uninstalled ones, too."""
        ...

    def find_replaced(self, site_key: str) -> Installation | None:
        """The row whose secret is about to go; one that no key opens counts as none."""
        ...

    def sharing(self, base_url: str, *, other_than: str) -> Sequence[Installation]:
        """Installed rows with this base URL and another client key; secrets that no key opens count as none."""
        ...

    def store(self, registration: Registration) -> Tenant:
        """Insert or replace; the tenant's id never changes."""
        ...

    def log(self, tenant_id: int, event: InstallationEvent, at: datetime) -> None: ...

    def come_back(self, tenant_id: int) -> None:
        """Note that the site is active again, by the storage's clock, and its locks unchecked."""
        ...

    def defer(self, jobs: Sequence[Job]) -> None: ...


class Installations(Protocol):
    """Every method raises `StorageUnavailable`."""

    def find(self, site_key: str) -> Installation | None:
        """Uninstalled ones, too; one round trip."""
        ...

    def changed(self, since: str | None) -> tuple[str, frozenset[str] | None]:
        """Return a mark of now, and the client keys that were stored after the mark `since` was made.

        None: any may have changed or gone. Misses nothing that is stored at the same time; may name some twice.
        """
        ...

    def change(self, site_key: str, base_url: str | None = None) -> AbstractContextManager[InstallationChange]:
        """Open a transaction under advisory locks on both values."""
        ...


class SiteCache(Protocol):
    """What a process remembers of sites."""

    def forget(self, tenant: Tenant) -> None: ...


class Licence(StrEnum):
    """An evaluation counts as one."""

    ACTIVE = "active"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class LicenceNote:
    """Both None when nothing was heard yet."""

    licence: Licence | None = None
    checked_at: datetime | None = None


class Licences(Protocol):
    """What was heard of licences; `StorageUnavailable`."""

    def get(self, tenant: Tenant) -> LicenceNote: ...

    def note(self, tenant: Tenant, *, active: bool, at: datetime) -> Licence:
        """Store what was heard at `at`; return what counts. A returned licence makes the site active again."""
        ...

    def lift(self) -> None:
        """Licences no longer count: sites without one are active again."""
        ...


class LicenceSource(Protocol):
    def active(self, tenant: Tenant, *, priority: Priority) -> bool | None:
        """Ask Confluence for a licence or evaluation, None where it tells unasked; raises the host's errors."""
        ...


class UsageEvent(StrEnum):
    """All that is ever counted."""

    LOCKED = "locked"
    EXTENDED = "extended"
    RELEASED = "released"
    BROKEN = "broken"
    TAKEN_OVER = "taken_over"
    REQUESTED = "requested"
    DECLINED = "declined"
    HANDED_OVER = "handed_over"
    ASKED_TO_BE_TOLD = "asked_to_be_told"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """One count of one UTC day; locale and zone are "" where unknown."""

    day: date
    event: UsageEvent
    locale: str
    zone: str
    count: int


class UsageCounts(Protocol):
    """By day without people, on sites that switched them on; `StorageUnavailable`."""

    def counting(self, tenant: Tenant) -> bool: ...

    def switch(self, tenant: Tenant, *, on: bool) -> None:
        """Start to count, or stop and delete every count of the site, in one transaction."""
        ...

    def count(self, tenant: Tenant, account: str, event: UsageEvent, day: date) -> None:
        """Add one if the site counts; of the account only known locale and time zone are used."""
        ...

    def kept(self, tenant: Tenant, since: date) -> Sequence[UsageRow]:
        """Newest day first."""
        ...
