"""What a rule may decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from lockpoint.domain.lock import Base, FoundRecord, Held, Record


@dataclass(frozen=True, slots=True)
class Write:
    """Store this record under the next property version; it says its kind itself."""

    record: Record


@dataclass(frozen=True, slots=True)
class Already:
    """What was asked for is so already; when `record.op_id` is the caller's own, an earlier try of this call did it."""

    record: Record


@dataclass(frozen=True, slots=True)
class Damaged:
    """Undecided: outsiders removed, garbled or rolled back a live lock's record; `heal` it and ask again."""

    witness: Held


@dataclass(frozen=True, slots=True)
class AlreadyLocked:
    """`held` is None when only a newer app can read the record."""

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
    longest: timedelta


Refusal = AlreadyLocked | Ending | OutOfDate | LockLost | TooLong
Decision = Write | Already | Damaged | Refusal
