"""The values of a lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lockpoint.domain.events import AuditKind

# A node decides only while its clock differs from Confluence's by at most half of this.
MARGIN = timedelta(seconds=30)
SCHEMA = 3


class EndReason(StrEnum):
    RELEASED = "released"
    BROKEN = "broken"
    TAKEN_OVER = "taken_over"
    HANDED_OVER = "handed_over"
    EXPIRED = "expired"
    HOLDER_GONE = "holder_gone"
    FILE_GONE = "file_gone"


class Phase(StrEnum):
    """`ENDING` is no longer enforced and not yet grantable."""

    FREE = "free"
    HELD = "held"
    ENDING = "ending"
    EXPIRED = "expired"


MOVES = (EndReason.TAKEN_OVER, EndReason.HANDED_OVER)
"""Ends that begin another person's lock in the same write."""

Moments = tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """The newest version that a lock protects; `created`, by the host's time, identifies it, `number` is a hint."""

    created: datetime
    author: str | None
    size: int | None
    number: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a file's last lock ended; `why` is a person's own words, `pending` are overwrites that still stand."""

    reason: EndReason
    by: str | None
    at: datetime
    lock_id: str
    holder: str
    why: str | None = None
    pending: Moments = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A record that says who holds the file; `at` is the time of this write.

    `began` is the host's time of the lock's first write: stored from the second write on, until then the row's time.
    None: an earlier version of the app wrote it without. So with `kind`, which write this is. `extended_at` is when the
    present end was counted last; `chosen`: for as long as the holder asked, not as long as the settings give.
    """

    epoch: int
    seq: int
    op_id: str
    at: datetime
    kind: AuditKind | None = None
    lock_id: str
    holder: str
    acquired_at: datetime
    expires_at: datetime | None
    base: Base
    note: str | None = None
    unlock_on_upload: bool = False
    ended: Ended | None = None
    began: datetime | None = None
    extended_at: datetime | None = None
    chosen: bool = False

    @property
    def counts_from(self) -> datetime:
        """When the present life of the lock began."""
        return self.extended_at or self.acquired_at

    @property
    def taken_from(self) -> str | None:
        """The holder of the lock that this one ended in the same write; None when the file was free."""
        ended = self.ended
        took = ended is not None and ended.reason in MOVES and ended.at == self.acquired_at
        return ended.holder if ended and took else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """A tombstone: the file is unlocked."""

    epoch: int
    seq: int
    op_id: str
    at: datetime
    kind: AuditKind | None = None
    ended: Ended


@dataclass(frozen=True, slots=True)
class Absent:
    """The file has no record."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Not to be obeyed: forged, replayed, copied or garbled."""

    reason: str
    seq: int


@dataclass(frozen=True, slots=True)
class Newer:
    """Of a later version of the app: shown as locked, never overwritten."""

    schema: int
    seq: int


Record = Held | Free
FoundRecord = Absent | Unreadable | Newer | Held | Free


@dataclass(frozen=True, slots=True)
class Subject:
    """What a record's signature binds it to; the attachment id is bare digits."""

    site_key: str
    attachment_id: str


@dataclass(frozen=True, slots=True)
class Limits:
    """A lock's life: by default, at most (from `acquired_at`), and whether it may be endless."""

    default: timedelta = timedelta(hours=48)
    longest: timedelta = timedelta(days=30)
    endless: bool = False

    def shorter_than(self, other: Limits) -> bool:
        """Whether a lock may live shorter than with the others in any way."""
        without_end = other.endless and not self.endless
        return without_end or self.default < other.default or self.longest < other.longest


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a rule may look at, read once.

    `head` is None when it was not read (a release needs none). `witness` is the newest record known of this file, to
    judge an older, missing or garbled one. `epoch` is the newest epoch known from elsewhere: a re-created record never
    repeats one. `pending` are the overwrites, by the host's time, that still stand as the lock changes.
    """

    found: FoundRecord
    head: Base | None
    now: datetime
    witness: Record | None = None
    epoch: int = 0
    pending: Moments = ()
