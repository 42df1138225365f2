"""How a record looks now, whether it is believed, and where the next one goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from lockpoint.domain.decisions import Already, Damaged
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import (
    MARGIN,
    Absent,
    Ended,
    EndReason,
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
    """Return how a record looks at `now`."""
    if isinstance(record, Free):
        return Phase.FREE
    if record.expires_at is None or now < record.expires_at:
        return Phase.HELD
    return Phase.ENDING if now < record.expires_at + MARGIN else Phase.EXPIRED


def ended_of(found: FoundRecord) -> Ended | None:
    """Return how the lock before the present state ended, where the record says so."""
    return found.ended if isinstance(found, Held | Free) else None


def newest(one: Record, other: Record | None) -> Record:
    """Return the later of two records."""
    return other if other and _place(other) > _place(one) else one


def trusted(found: FoundRecord, witness: Record | None) -> FoundRecord:
    """Return what was found, or `Unreadable` when a newer record is known.

    Such a record is a stale read or a value stored a second time. A write on top of a stale read loses its condition,
    so both are treated alike.
    """
    if witness and isinstance(found, Held | Free) and _place(found) < _place(witness):
        return Unreadable(REPLAYED, found.seq)
    return found


def intact(snapshot: Snapshot, op_id: str) -> FoundRecord | Already | Damaged:
    """Return what a rule may decide on, or the decision that comes before every rule.

    Where the record was removed or garbled, that is the witness of a lock that is over; while it lives only a repair is
    possible.
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


def kind_of(record: Record, before: Record | None) -> AuditKind:
    """Return the audit kind of a write; guessed, with the help of an earlier record, where an older app wrote it.

    Accepted imprecision of the guess: a lock that was moved on unseen reads as extended.
    """
    if record.kind is not None:
        return record.kind
    if isinstance(record, Free):
        again = isinstance(before, Free) and before.ended.lock_id == record.ended.lock_id
        return AuditKind.PERSON_ERASED if again else AuditKind(record.ended.reason)
    if record.at == record.acquired_at:
        taken = record.ended and record.ended.reason is EndReason.TAKEN_OVER and record.ended.at == record.at
        return AuditKind.TAKEN_OVER if taken else AuditKind.ACQUIRED
    return _kind_of_move(record, before)


def _kind_of_move(record: Held, before: Record | None) -> AuditKind:
    if not isinstance(before, Held) or before.lock_id != record.lock_id:
        return AuditKind.EXTENDED
    if before.base != record.base:
        return AuditKind.REBASED
    same = replace(before, note=record.note) == replace(
        record, epoch=before.epoch, seq=before.seq, op_id=before.op_id, at=before.at, kind=before.kind
    )
    return AuditKind.HEALED if same and record.epoch > before.epoch else AuditKind.EXTENDED


def _place(record: Record) -> tuple[int, int]:
    return record.epoch, record.seq
