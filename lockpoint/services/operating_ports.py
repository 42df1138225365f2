"""What installing, and running the processes, needs from the storage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lockpoint.services.context import Tenant
from lockpoint.services.ports import Job, JobKind

# --- installations: who may call us, and with which secret -----------------------------------------------------


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
        """Note that the app is at work here again, by the storage's clock, and queue what follows from it."""
        ...

    def defer(self, jobs: Sequence[Job]) -> None:
        """Put jobs into the queue in this transaction, coalescing equal ones."""
        ...


class Installations(Protocol):
    """The installation table; every method raises `StorageUnavailable`."""

    def find(self, client_key: str) -> Installation | None:
        """The installation of a client key, also an uninstalled one; one round trip."""
        ...

    def of(self, tenant_id: int) -> Installation | None:
        """The installation of a tenant, for signing calls to it."""
        ...

    def change(self, client_key: str, base_url: str | None = None) -> AbstractContextManager[InstallationChange]:
        """A transaction under advisory locks on both values; commits at the end of the block, unless it raises."""
        ...


# --- working off the queue, and the clock's chores -------------------------------------------------------------

JobHandler = Callable[[int, str], None]
"""Does one job of a kind: tenant id and subject."""


class JobRunner(Protocol):
    """The worker's side of the queue."""

    def run(self, handlers: Mapping[JobKind, JobHandler]) -> None:
        """Work until the process is asked to stop; every kind needs its handler.

        What a handler raises decides: dropped, tried later, or parked as failed with the name of the error.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeReport:
    """What a purge did: places with numbers of rows or partitions, nothing about anybody.

    `overdue` counts, after the purge, what should not be there any more; `failed` names the steps that will be tried
    again. `late` counts what is not the purge's to do and should be done by now: erasures of people, and accounts of
    which Atlassian was not told in time.
    """

    at: datetime
    retention_days: int
    gone: Mapping[str, int]
    overdue: Mapping[str, int]
    failed: tuple[str, ...] = ()
    late: Mapping[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether nothing is left that this or the next purge should remove."""
        return not self.failed and not any(self.overdue.values())

    @property
    def total(self) -> int:
        """How many rows and partitions went."""
        return sum(self.gone.values())


class Upkeep(Protocol):
    """What one clock process does beside putting jobs into the queue; `StorageUnavailable` but for the first two."""

    def lead(self) -> bool:
        """Whether this process is the one clock, now."""
        ...

    def resign(self) -> None:
        """Let another clock lead."""
        ...

    def requeue_stalled(self) -> int:
        """Give the running jobs of dead workers back to the queue; how many there were."""
        ...

    def make_partitions(self) -> int:
        """Make the partitions of the coming days; how many were missing."""
        ...

    def purge(self) -> PurgeReport:
        """Delete what has reached its age, as far as it can be reached now; see the report's `complete`."""
        ...

    def live_locks(self) -> int:
        """Count the locks of all active sites, as far as we know."""
        ...

    def without_witness(self) -> Sequence[Tenant]:
        """Give the active sites of which the witness table knows nothing."""
        ...
