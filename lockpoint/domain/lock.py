"""The values of a lock: what a record says, and how it looks at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# No node may be further than half of this from the host's clock; see docs/adr on time.
MARGIN = timedelta(seconds=30)
SCHEMA = 1


class EndReason(StrEnum):
    """Why a hold ended."""

    RELEASED = "released"
    BROKEN = "broken"
    TAKEN_OVER = "taken_over"
    EXPIRED = "expired"
    HOLDER_GONE = "holder_gone"
    FILE_GONE = "file_gone"


class Phase(StrEnum):
    """How a readable record looks now: `ENDING` is no longer enforced and not yet grantable."""

    FREE = "free"
    HELD = "held"
    ENDING = "ending"
    EXPIRED = "expired"


Moments = tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """The newest version that a hold protects; `created` is the host's time and is its identity, `number` a hint."""

    created: datetime
    author: str | None
    size: int | None
    number: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How the last hold on a file ended; `why` is a person's own words, `unsettled` names overwrites left standing."""

    reason: EndReason
    by: str | None
    at: datetime
    lock_id: str
    holder: str
    why: str | None = None
    pending: Moments = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A record that says somebody holds the file; `at` is when this very write was made."""

    epoch: int
    seq: int
    op_id: str
    at: datetime
    lock_id: str
    holder: str
    acquired_at: datetime
    expires_at: datetime | None
    base: Base
    note: str | None = None
    unlock_on_upload: bool = False
    ended: Ended | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """A tombstone: nobody holds the file, and this is how the last hold ended."""

    epoch: int
    seq: int
    op_id: str
    at: datetime
    ended: Ended


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no record on the file."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """There is a record that is not ours to obey: forged, replayed, copied or garbled."""

    reason: str
    seq: int


@dataclass(frozen=True, slots=True)
class Newer:
    """A record of a later version of the app: shown as held, never overwritten."""

    schema: int
    seq: int


Record = Held | Free
FoundRecord = Absent | Unreadable | Newer | Held | Free


@dataclass(frozen=True, slots=True)
class Subject:
    """What a record is bound to by its signature: the tenant's client key and the attachment's bare digits."""

    client_key: str
    attachment_id: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a hold may last: the default, the longest life (from `acquired_at`), and whether endless is allowed."""

    default: timedelta = timedelta(hours=48)
    longest: timedelta = timedelta(days=30)
    endless: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a rule may look at, read once: the record, the file's newest version, our time, our witness.

    `head` is None when the caller could not read it (a release needs none). `witness` is the newest record that we have
    ever seen on this file (None when we have none): a reading that is older, missing or garbled is judged against it.
    `epoch` is the newest epoch known from elsewhere, so that a re-created record never repeats one. `pending` are the
    overwrites, by the host's time, that still stand as the lock is about to change.
    """

    found: FoundRecord
    head: Base | None
    now: datetime
    witness: Record | None = None
    epoch: int = 0
    pending: Moments = ()
