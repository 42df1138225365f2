"""The transitions of a lock: each looks at one snapshot and says what to write, or why not.

Common to all of them: a record that carries the caller's `op_id` answers `Already` (the write of an earlier, unanswered
try has landed); a record of a newer app is never overwritten; a readable record that is older than the witness is a
replay and is not obeyed; and where a live hold's record was damaged the answer is `Damaged`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeGuard

from lockpoint.locking.decisions import (
    Already,
    AlreadyLocked,
    Damaged,
    Decision,
    Ending,
    LockLost,
    OutOfDate,
    Refusal,
    TooLong,
    Write,
)
from lockpoint.locking.events import AuditKind
from lockpoint.locking.lock import (
    MARGIN,
    Base,
    Ended,
    EndReason,
    Free,
    Held,
    Limits,
    Newer,
    Phase,
    Reading,
    Record,
    Snapshot,
)
from lockpoint.locking.snapshots import ended_of, intact, next_place, phase

__all__ = [
    "Already",
    "AlreadyLocked",
    "Damaged",
    "Decision",
    "Ending",
    "LockLost",
    "OutOfDate",
    "Refusal",
    "TooLong",
    "Write",
    "acquire",
    "end",
    "expire",
    "extend",
    "heal",
    "phase",
    "rebase",
    "release",
    "take_over",
]

# A tombstone names this many overwrites left standing, the oldest ones; the audit log has them all.
UNSETTLED_AT_MOST = 20
# Ends that the holder asked for or expected: ending such a hold again is no error.
_EXPECTED_ENDS = (EndReason.RELEASED, EndReason.EXPIRED)


def acquire(
    snapshot: Snapshot,
    *,
    holder: str,
    lock_id: str,
    op_id: str,
    limits: Limits,
    life: timedelta | None = None,
    note: str | None = None,
    unlock_on_upload: bool = False,
    seen_version: int | None = None,
) -> Decision:
    """Take the file, or extend one's own hold on it (a write, so that the "yes" is proven).

    A hold of the caller that is just ending is begun anew. With `limits.endless`, a hold without a wished `life` has
    no end. Raises `ValueError` when the snapshot was taken without the file's head.
    """
    reading = intact(snapshot, op_id)
    if isinstance(reading, Damaged | Already):
        return reading
    if isinstance(reading, Held) and phase(reading, snapshot.now) is Phase.HELD and reading.holder == holder:
        kept = _kept_expiry(reading, snapshot.now, limits, life)
        return Write(_moved(reading, snapshot, op_id, kept), AuditKind.EXTENDED)
    refusal = _taken(reading, holder, snapshot.now) or _unfit(reading, snapshot, lock_id, limits, life, seen_version)
    if refusal:
        return refusal
    held = _new_hold(
        snapshot,
        holder=holder,
        lock_id=lock_id,
        op_id=op_id,
        expires_at=_expiry(snapshot.now, limits, life),
        ended=_ended_so_far(reading, snapshot),
    )
    return Write(replace(held, note=note, unlock_on_upload=unlock_on_upload), AuditKind.ACQUIRED)


def extend(
    snapshot: Snapshot, *, holder: str, lock_id: str, op_id: str, limits: Limits, life: timedelta | None = None
) -> Decision:
    """Count the life of one's own hold from now, within the longest life counted from the beginning.

    Never shortens a hold. A wished `life` beyond the longest is `TooLong`; without a wish the longest is used as far as
    it goes, and `TooLong` says that nothing is left of it.
    """
    reading = intact(snapshot, op_id)
    if isinstance(reading, Damaged | Already):
        return reading
    now = snapshot.now
    if not (_is(reading, lock_id) and reading.holder == holder and phase(reading, now) is Phase.HELD):
        return LockLost(reading)
    expires_at = _kept_expiry(reading, now, limits, life)
    wished = _expiry(now, limits, life)
    if wished and expires_at and wished > expires_at and (life is not None or expires_at == reading.expires_at):
        return TooLong(limits.longest)
    return Write(_moved(reading, snapshot, op_id, expires_at), AuditKind.EXTENDED)


def rebase(snapshot: Snapshot, *, lock_id: str, op_id: str, base: Base) -> Decision:
    """Move what the hold protects to `base`; `Already` when it protects that or something newer."""
    reading = intact(snapshot, op_id)
    if isinstance(reading, Damaged | Already):
        return reading
    if not _is(reading, lock_id) or phase(reading, snapshot.now) is Phase.EXPIRED:
        return LockLost(reading)
    if base.created <= reading.base.created:
        return Already(reading)
    moved = _moved(reading, snapshot, op_id, reading.expires_at)
    return Write(replace(moved, base=base), AuditKind.REBASED)


def release(
    snapshot: Snapshot, *, holder: str, lock_id: str, op_id: str, unsettled: tuple[datetime, ...] = ()
) -> Decision:
    """End one's own hold; ending it twice, or after it expired, is `Already`; after a break it is `LockLost`."""
    reading = intact(snapshot, op_id)
    if isinstance(reading, Damaged | Already):
        return reading
    if _is(reading, lock_id) and reading.holder == holder:
        if phase(reading, snapshot.now) is Phase.EXPIRED:
            return Already(reading)
        ended = _ended(reading, snapshot.now, EndReason.RELEASED, by=holder, unsettled=unsettled)
        return Write(_tombstone(snapshot, op_id, ended), AuditKind.RELEASED)
    return _ended_before(reading, snapshot, lock_id, holder) or LockLost(reading)


def end(
    snapshot: Snapshot,
    *,
    lock_id: str,
    op_id: str,
    reason: EndReason,
    by: str | None,
    why: str | None = None,
    unsettled: tuple[datetime, ...] = (),
) -> Decision:
    """End somebody's hold: broken by a person, or the holder or the file is gone.

    `Already` when the named hold has ended or run out and nobody holds the file since; otherwise `LockLost`.
    """
    reading = intact(snapshot, op_id)
    if isinstance(reading, Damaged | Already):
        return reading
    if _is(reading, lock_id):
        if phase(reading, snapshot.now) is Phase.EXPIRED:
            return Already(reading)
        ended = _ended(reading, snapshot.now, reason, by=by, why=why, unsettled=unsettled)
        return Write(_tombstone(snapshot, op_id, ended), AuditKind(reason))
    if isinstance(reading, Free) and reading.ended.lock_id == lock_id:
        return Already(reading)
    return LockLost(reading)


def expire(snapshot: Snapshot, *, lock_id: str, op_id: str, unsettled: tuple[datetime, ...] = ()) -> Decision:
    """Write the tombstone of a hold whose time and margin have passed; `LockLost` when it was extended meanwhile."""
    reading = intact(snapshot, op_id)
    if isinstance(reading, Damaged | Already):
        return reading
    if _is(reading, lock_id) and phase(reading, snapshot.now) is Phase.EXPIRED:
        ended = _ended(reading, snapshot.now, EndReason.EXPIRED, by=None, unsettled=unsettled)
        return Write(_tombstone(snapshot, op_id, ended), AuditKind.EXPIRED)
    if isinstance(reading, Free) and reading.ended.lock_id == lock_id:
        return Already(reading)
    return LockLost(reading)


def take_over(
    snapshot: Snapshot,
    *,
    by: str,
    old_lock_id: str,
    lock_id: str,
    op_id: str,
    limits: Limits,
    why: str,
    life: timedelta | None = None,
    note: str | None = None,
    unlock_on_upload: bool = False,
    unsettled: tuple[datetime, ...] = (),
) -> Decision:
    """End the named hold and begin one's own in a single write.

    Over a hold that has already run out this is an ordinary acquire of the file. Raises `ValueError` when the
    snapshot was taken without the file's head.
    """
    reading = intact(snapshot, op_id)
    if isinstance(reading, Damaged | Already):
        return reading
    if not _is(reading, old_lock_id):
        return LockLost(reading)
    refusal = _unfit(reading, snapshot, lock_id, limits, life, None)
    if refusal:
        return refusal
    over = phase(reading, snapshot.now) is Phase.EXPIRED
    reason, author, words = (EndReason.EXPIRED, None, None) if over else (EndReason.TAKEN_OVER, by, why)
    held = _new_hold(
        snapshot,
        holder=by,
        lock_id=lock_id,
        op_id=op_id,
        expires_at=_expiry(snapshot.now, limits, life),
        ended=_ended(reading, snapshot.now, reason, by=author, why=words, unsettled=unsettled),
    )
    kind = AuditKind.ACQUIRED if over else AuditKind.TAKEN_OVER
    return Write(replace(held, note=note, unlock_on_upload=unlock_on_upload), kind)


def heal(snapshot: Snapshot, *, witness: Held, op_id: str) -> Decision:
    """Write the witnessed hold again where outsiders removed or garbled its record.

    `Already` when a record is readable and not older than the witness; `LockLost` when the hold has run out meanwhile,
    or only a newer app can read what is there.
    """
    reading = intact(replace(snapshot, witness=witness), op_id)
    if isinstance(reading, Already):
        return reading
    if isinstance(reading, Damaged):
        epoch, seq = next_place(replace(snapshot, witness=witness))
        return Write(replace(witness, epoch=epoch, seq=seq, op_id=op_id, at=snapshot.now), AuditKind.HEALED)
    return Already(reading) if isinstance(reading, Held | Free) else LockLost(reading)


def _is(reading: Reading | None, lock_id: str) -> TypeGuard[Held]:
    """Whether this is the named hold."""
    return isinstance(reading, Held) and reading.lock_id == lock_id


def _taken(reading: Reading, holder: str, now: datetime) -> AlreadyLocked | Ending | None:
    """Why the file is not to be had by `holder` now, whose own live hold is none of this function's business."""
    if isinstance(reading, Newer):
        return AlreadyLocked(None)
    if not isinstance(reading, Held) or reading.expires_at is None:
        return AlreadyLocked(reading) if isinstance(reading, Held) else None
    if now < reading.expires_at:
        return AlreadyLocked(reading)
    granted = reading.expires_at + MARGIN
    return Ending(reading, granted - now) if now < granted and reading.holder != holder else None


def _unfit(
    reading: Reading,
    snapshot: Snapshot,
    lock_id: str,
    limits: Limits,
    life: timedelta | None,
    seen_version: int | None,
) -> LockLost | TooLong | OutOfDate | None:
    """Why a new hold cannot be written although the file is to be had.

    A lock id names one hold: the late retry of a call whose hold was granted and has ended must not bring it back.
    """
    if snapshot.head is None:
        raise ValueError("a hold needs the file's newest version to protect")
    ended = ended_of(reading)
    if _is(reading, lock_id) or (ended and ended.lock_id == lock_id):
        return LockLost(reading)
    if life is not None and life > limits.longest:
        return TooLong(limits.longest)
    return OutOfDate(snapshot.head) if seen_version not in {None, snapshot.head.number} else None


def _expiry(now: datetime, limits: Limits, life: timedelta | None) -> datetime | None:
    """When a hold with this wish ends, counted from now; None is never."""
    if life is not None:
        return now + life
    return None if limits.endless else now + min(limits.default, limits.longest)


def _kept_expiry(held: Held, now: datetime, limits: Limits, life: timedelta | None) -> datetime | None:
    """The new end of a present hold: never earlier than its old end, never lengthened beyond the longest life."""
    wished = _expiry(now, limits, life)
    if wished is None or held.expires_at is None:
        return None
    return max(held.expires_at, min(wished, held.acquired_at + limits.longest))


def _moved(held: Held, snapshot: Snapshot, op_id: str, expires_at: datetime | None) -> Held:
    """The same hold, written once more."""
    epoch, seq = next_place(snapshot)
    return replace(held, epoch=epoch, seq=seq, op_id=op_id, at=snapshot.now, expires_at=expires_at)


def _new_hold(
    snapshot: Snapshot, *, holder: str, lock_id: str, op_id: str, expires_at: datetime | None, ended: Ended | None
) -> Held:
    """A hold that begins now and protects the file's head."""
    epoch, seq = next_place(snapshot)
    assert snapshot.head is not None  # noqa: S101 - `_unfit` has refused such a snapshot
    return Held(
        epoch=epoch,
        seq=seq,
        op_id=op_id,
        at=snapshot.now,
        lock_id=lock_id,
        holder=holder,
        acquired_at=snapshot.now,
        expires_at=expires_at,
        base=snapshot.head,
        ended=ended,
    )


def _tombstone(snapshot: Snapshot, op_id: str, ended: Ended) -> Free:
    """The record that ends a hold."""
    epoch, seq = next_place(snapshot)
    return Free(epoch=epoch, seq=seq, op_id=op_id, at=snapshot.now, ended=ended)


def _ended(
    held: Held,
    now: datetime,
    reason: EndReason,
    *,
    by: str | None,
    why: str | None = None,
    unsettled: tuple[datetime, ...] = (),
) -> Ended:
    """How this hold ended; one that ran out ended when it ran out, whenever somebody noticed."""
    at = held.expires_at if reason is EndReason.EXPIRED and held.expires_at else now
    return Ended(reason, by, at, held.lock_id, held.holder, why, unsettled[:UNSETTLED_AT_MOST])


def _standing(reading: Reading, snapshot: Snapshot) -> Record | None:
    """The last record that can be believed: what was read, else what was witnessed."""
    return reading if isinstance(reading, Held | Free) else snapshot.witness


def _ended_so_far(reading: Reading, snapshot: Snapshot) -> Ended | None:
    """How the hold before a new one ended."""
    standing = _standing(reading, snapshot)
    if isinstance(standing, Held):
        return _ended(standing, snapshot.now, EndReason.EXPIRED, by=None)
    return standing.ended if standing else None


def _ended_before(reading: Reading, snapshot: Snapshot, lock_id: str, holder: str) -> Already | None:
    """`Already` when the named hold of `holder` is known to have ended as its holder wished or expected."""
    standing = _standing(reading, snapshot)
    if standing is None:
        return None
    if _is(standing, lock_id):
        return Already(standing) if standing.holder == holder and not isinstance(reading, Held) else None
    ended = standing.ended
    known = ended is not None and (ended.lock_id, ended.holder) == (lock_id, holder) and ended.reason in _EXPECTED_ENDS
    return Already(standing) if known else None
