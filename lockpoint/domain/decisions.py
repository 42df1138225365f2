"""What a rule may decide: a write, nothing to do, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from lockpoint.domain.lock import Base, FoundRecord, Held, Record


@dataclass(frozen=True, slots=True)
class Write:
    """Store this record under the next property version."""

    record: Record


@dataclass(frozen=True, slots=True)
class Already:
    """What was asked for is so already; nothing is written.

    When `record.op_id` is the caller's own, an earlier try of this call did it.
    """

    record: Record


@dataclass(frozen=True, slots=True)
class Damaged:
    """Undecided: outsiders removed, garbled or rolled back the record of a live lock; `heal` it and ask again."""

    witness: Held


@dataclass(frozen=True, slots=True)
class AlreadyLocked:
    """Another person holds the file; `held` is None when only a newer app can read the record."""

    held: Held | None


@dataclass(frozen=True, slots=True)
class Ending:
    """The lock has run out, but a slower clock may still see it; ask again after `retry_after`."""

    held: Held
    retry_after: timedelta


@dataclass(frozen=True, slots=True)
class OutOfDate:
    """The file is not at the version that the caller saw."""

    head: Base


@dataclass(frozen=True, slots=True)
class LockLost:
    """The named lock is not the present one; `found` is what is there."""

    found: FoundRecord


@dataclass(frozen=True, slots=True)
class TooLong:
    """The request goes beyond the longest life of a lock."""

    longest: timedelta


Refusal = AlreadyLocked | Ending | OutOfDate | LockLost | TooLong
Decision = Write | Already | Damaged | Refusal
