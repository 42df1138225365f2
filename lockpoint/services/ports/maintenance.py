"""Maintenance by the clock process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from lockpoint.services.context import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeReport:
    """Counts of purged rows and partitions by place, without personal data.

    `overdue` counts what should be gone; `failed` names steps to retry. `late` counts overdue erasures and accounts to
    report to Atlassian, which are not the purge's work.
    """

    at: datetime
    retention_days: int
    gone: Mapping[str, int]
    overdue: Mapping[str, int]
    failed: tuple[str, ...] = ()
    late: Mapping[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether nothing overdue is left."""
        return not self.failed and not any(self.overdue.values())

    @property
    def total(self) -> int:
        return sum(self.gone.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """How all sites together are; keys are our own words."""

    waiting: Mapping[str, int]
    """Due jobs by kind."""
    oldest_seconds: float
    """Since when the oldest of them could have begun."""
    parked: Mapping[str, int]
    """By kind."""
    locks: Mapping[str, int]
    """Live locks by how they are protected."""
    mails_waiting: int
    forge_token_left: float | None = None
    """Seconds until the first site on Forge is without a token; None without such sites."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityReadings:
    """What all sites' own rows say of the days that they are kept; numbers and words of ours only."""

    undone: int
    """Overwrites that were undone; others are `standing`."""
    standing: int
    restores: int
    undo_seconds: tuple[float, float, float] | None
    """From an overwrite to our version that undid it, by Confluence's time: median, 95th percentile, longest."""
    writes: int
    """Records of locks with an audit row."""
    doubled: int
    gaps: int
    """Writes without a row, between two of the same file and epoch with one."""
    recovered: int
    mails: Mapping[str, int]
    """By result."""
    mails_waiting: int
    mails_parked: int
    mails_lost: int
    """Waiting for an hour or more without a job that would send them."""
    overdue: Mapping[str, int]
    """Rows that should have gone before the last hourly purge, by place."""
    late: Mapping[str, int]


class Gauges(Protocol):
    def read(self) -> Readings:
        """One round trip for each table; `StorageUnavailable`."""
        ...


class Upkeep(Protocol):
    """All but the first two methods raise `StorageUnavailable`."""

    def lead(self) -> bool:
        """Whether this process is the one clock, now."""
        ...

    def resign(self) -> None: ...

    def requeue_stalled(self) -> int:
        """Requeue the running jobs of dead workers; return how many."""
        ...

    def make_partitions(self) -> int:
        """Create those of the coming days; return how many were missing."""
        ...

    def purge(self) -> PurgeReport: ...

    def live_locks(self) -> int:
        """Known locks of all active sites."""
        ...

    def without_witness(self) -> Sequence[Tenant]:
        """Active sites without any witness."""
        ...
