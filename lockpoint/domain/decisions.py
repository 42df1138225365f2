"""What a rule may answer: write this, nothing to do, or why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Base, FoundRecord, Held, Record


@dataclass(frozen=True, slots=True)
class Write:
    """Store this record under the next property version; `kind` is the audit row that the write causes."""

    record: Record
    kind: AuditKind


@dataclass(frozen=True, slots=True)
class Already:
    """What was asked for is already so; nothing is written.

    When `record.op_id` is the caller's own, an earlier try of this very call did it.
    """

    record: Record


@dataclass(frozen=True, slots=True)
class Damaged:
    """Not decided: outsiders removed, garbled or rolled back the record of a live hold; `heal` it, then ask again."""

    witness: Held


@dataclass(frozen=True, slots=True)
class AlreadyLocked:
    """Refused: another person holds the file. `held` is None when only a newer app can read the record."""

    held: Held | None


@dataclass(frozen=True, slots=True)
class Ending:
    """Refused for now: the hold has run out, but a slower clock may still see it; ask again after `retry_after`."""

    held: Held
    retry_after: timedelta


@dataclass(frozen=True, slots=True)
class OutOfDate:
    """Refused: the file is not at the version the caller looked at."""

    head: Base


@dataclass(frozen=True, slots=True)
class LockLost:
    """Refused: the hold that was named is not the present one; `reading` is what is there."""

    found: FoundRecord


@dataclass(frozen=True, slots=True)
class TooLong:
    """Refused: the wish goes beyond the longest life of a hold."""

    longest: timedelta


Refusal = AlreadyLocked | Ending | OutOfDate | LockLost | TooLong
Decision = Write | Already | Damaged | Refusal
