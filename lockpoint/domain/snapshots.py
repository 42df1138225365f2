"""How a record looks now, whether it is believed, and where the next one goes."""

from __future__ import annotations

from datetime import datetime

from lockpoint.domain.decisions import Already, Damaged
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import (
    MARGIN,
    Absent,
    Ended,
    FoundRecord,
    Free,
    Held,
    Phase,
    Record,
    Snapshot,
    Unreadable,
)

REPLAYED = "replayed"


def phase(record: Record, now: datetime) -> Phase:
    if isinstance(record, Free):
        return Phase.FREE
    if record.expires_at is None or now < record.expires_at:
        return Phase.HELD
    return Phase.ENDING if now < record.expires_at + MARGIN else Phase.EXPIRED


def ended_of(found: FoundRecord) -> Ended | None:
    return found.ended if isinstance(found, Held | Free) else None


def newest(one: Record, other: Record | None) -> Record:
    return other if other and _place(other) > _place(one) else one


def trusted(found: FoundRecord, witness: Record | None) -> FoundRecord:
    """Return what was found, or `Unreadable` when a newer record is known.

    Such a record is a stale read or was stored a second time. Both are treated alike, since a write on top of a stale
    read fails its condition.
    """
    if witness and isinstance(found, Held | Free) and _place(found) < _place(witness):
        return Unreadable(REPLAYED, found.seq)
    return found


def intact(snapshot: Snapshot, op_id: str) -> FoundRecord | Already | Damaged:
    """Return what a rule may decide on, or the decision that comes before every rule.

    Where the record was removed or garbled, the witness of a lock that is over counts; a live one must be healed first.
    """
    found = trusted(snapshot.found, snapshot.witness)
    if isinstance(found, Held | Free) and found.op_id == op_id:
        return Already(found)
    witness = snapshot.witness
    if witness is None or not isinstance(found, Absent | Unreadable):
        return found
    live = isinstance(witness, Held) and phase(witness, snapshot.now) is not Phase.EXPIRED
    return Damaged(witness) if isinstance(witness, Held) and live else witness


def next_place(snapshot: Snapshot) -> tuple[int, int]:
    """Return epoch and seq of the next record; they are above every known one."""
    found = trusted(snapshot.found, snapshot.witness)
    if isinstance(found, Held | Free):
        return found.epoch, found.seq + 1
    known = max(snapshot.epoch, snapshot.witness.epoch if snapshot.witness else 0)
    return known + 1, 1 if isinstance(found, Absent) else found.seq + 1


def lock_of(record: Record) -> str:
    """Return the id of the lock that a record is about."""
    return record.lock_id if isinstance(record, Held) else record.ended.lock_id


def unseen_between(before: Record | None, record: Record) -> range:
    """Return the `seq` of our writes between two records; across epochs outsiders wrote, too, and nobody can tell."""
    same = before is not None and before.epoch == record.epoch
    return range(before.seq + 1, record.seq) if before is not None and same else range(0)


def kind_of(record: Record) -> AuditKind:
    """Return the audit kind of a record's write; a record of the first schema only hints at it."""
    if record.kind is not None:
        return record.kind
    if isinstance(record, Free):
        return AuditKind(record.ended.reason)
    if record.at != record.acquired_at:
        return AuditKind.EXTENDED
    return AuditKind.TAKEN_OVER if record.taken_from else AuditKind.ACQUIRED


def _place(record: Record) -> tuple[int, int]:
    return record.epoch, record.seq
