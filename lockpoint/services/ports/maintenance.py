"""What the clock does beside putting jobs into the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from lockpoint.services.context import Tenant


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
