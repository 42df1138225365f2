"""The transitions of a lock: each decides on one snapshot what to write, or why not.

For all of them: a record with the caller's `op_id` is `Already` (an earlier, unanswered try has landed); a newer app's
record is never overwritten; a readable record older than the witness is a replay and is not obeyed; a live lock's
damaged record is `Damaged`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from lockpoint.domain import next_record, preconditions, pseudonyms
from lockpoint.domain.decisions import (
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
from lockpoint.domain.events import AuditKind
from lockpoint.domain.expiry import lock_times
from lockpoint.domain.lock import Base, EndReason, Free, Held, Limits, Newer, Phase, Snapshot, Unreadable
from lockpoint.domain.snapshots import intact, kind_of, newest, next_place, phase, trusted

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
    "forget",
    "hand_over",
    "heal",
    "phase",
    "rebase",
    "release",
    "shorten",
    "sign_again",
    "take_over",
    "write_end",
]


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
    seen_created: datetime | None = None,
    used: bool = False,
) -> Decision:
    """Take the file, or extend one's own lock on it (by a write, so that the "yes" is proven).

    In a lock that the caller has already, a given `note` replaces the note, and `unlock_on_upload` is added. A lock of
    theirs that is just ending begins again. With `limits.endless`, a lock without a requested `life` has no end. `used`
    says that a lock began under `lock_id` before. Raises `ValueError` for a snapshot without the file's head.
    """
    found = intact(snapshot, op_id)
    if isinstance(found, Damaged | Already):
        return found
    if used and not preconditions.is_lock(found, lock_id):
        return LockLost(found)
    if isinstance(found, Held) and phase(found, snapshot.now) is Phase.HELD and found.holder == holder:
        longer = next_record.extended(found, snapshot, op_id, limits, life)
        ends = found.unlock_on_upload or unlock_on_upload
        return Write(replace(longer, note=note or found.note, unlock_on_upload=ends))
    refusal = (
        preconditions.taken(found, holder, snapshot.now)
        or preconditions.unfit(found, snapshot, lock_id, limits, life)
        or preconditions.out_of_date(snapshot, seen_version, seen_created)
    )
    if refusal:
        return refusal
    held = next_record.new_lock(
        snapshot,
        holder=holder,
        lock_id=lock_id,
        op_id=op_id,
        kind=AuditKind.ACQUIRED,
        expires_at=next_record.expiry(snapshot.now, limits, life),
        ended=preconditions.ended_so_far(found, snapshot),
    )
    return Write(replace(held, note=note, unlock_on_upload=unlock_on_upload, chosen=life is not None))


def extend(
    snapshot: Snapshot,
    *,
    holder: str,
    lock_id: str,
    op_id: str,
    limits: Limits,
    life: timedelta | None = None,
    note: str | None = None,
    unlock_on_upload: bool | None = None,
    not_after: datetime | None = None,
) -> Decision:
    """Count the life of one's own lock from now, within the longest life counted from its beginning.

    Never shortens a lock. A requested `life` beyond the longest is `TooLong`; without one the lock gets what is left of
    the longest life, and `TooLong` means that nothing is left. `note` and `unlock_on_upload` stay unless given; an
    empty note goes. A lock that ends later than `not_after` is `Already` extended.
    """
    found = intact(snapshot, op_id)
    if isinstance(found, Damaged | Already):
        return found
    now = snapshot.now
    if not (preconditions.is_lock(found, lock_id) and found.holder == holder and phase(found, now) is Phase.HELD):
        return LockLost(found)
    if not_after is not None and (found.expires_at is None or found.expires_at > not_after):
        return Already(found)
    expires_at = next_record.kept_expiry(found, now, limits, life)
    wished = next_record.expiry(now, limits, life)
    ends = found.unlock_on_upload if unlock_on_upload is None else unlock_on_upload
    says = found.note if note is None else note or None
    gains = (expires_at, ends, says) != (found.expires_at, found.unlock_on_upload, found.note)
    if wished and expires_at and wished > expires_at and (life is not None or not gains):
        return TooLong(limits.longest)
    longer = next_record.extended(found, snapshot, op_id, limits, life)
    return Write(replace(longer, note=says, unlock_on_upload=ends))


def prolong(snapshot: Snapshot, *, holder: str, lock_id: str, op_id: str, limits: Limits, life: timedelta) -> Decision:
    """Extend a lock for its holder, who chose nothing: its life counts from when it did, so its end is warned of."""
    decision = extend(snapshot, holder=holder, lock_id=lock_id, op_id=op_id, limits=limits, life=life)
    before = snapshot.found
    if not isinstance(decision, Write) or not isinstance(decision.record, Held) or not isinstance(before, Held):
        return decision
    return Write(replace(decision.record, extended_at=before.extended_at, chosen=before.chosen))


def shorten(snapshot: Snapshot, *, lock_id: str, op_id: str, limits: Limits) -> Decision:
    """Give a running lock the earlier end of shorter settings; `Already` when it ends no later than they want."""
    found = intact(snapshot, op_id)
    if isinstance(found, Damaged | Already):
        return found
    if not preconditions.is_lock(found, lock_id) or phase(found, snapshot.now) is not Phase.HELD:
        return LockLost(found)
    end = lock_times.shortened_end(found, limits, snapshot.now)
    if end is None:
        return Already(found)
    return Write(next_record.moved(found, snapshot, op_id, AuditKind.SHORTENED, end))


def rebase(snapshot: Snapshot, *, lock_id: str, op_id: str, base: Base) -> Decision:
    """Move what the lock protects to `base`; `Already` when it protects that or something newer."""
    found = intact(snapshot, op_id)
    if isinstance(found, Damaged | Already):
        return found
    if not preconditions.is_lock(found, lock_id) or phase(found, snapshot.now) is Phase.EXPIRED:
        return LockLost(found)
    if base.created <= found.base.created:
        return Already(found)
    moved = next_record.moved(found, snapshot, op_id, AuditKind.REBASED, found.expires_at)
    return Write(replace(moved, base=base))


def sign_again(snapshot: Snapshot, *, lock_id: str, op_id: str) -> Decision:
    """Write the same lock once more, signed by the newest key."""
    found = intact(snapshot, op_id)
    if isinstance(found, Damaged | Already):
        return found
    if not preconditions.is_lock(found, lock_id) or phase(found, snapshot.now) is Phase.EXPIRED:
        return LockLost(found)
    return Write(next_record.moved(found, snapshot, op_id, AuditKind.SIGNED_AGAIN, found.expires_at))


def release(snapshot: Snapshot, *, holder: str, lock_id: str, op_id: str, by_upload: bool = False) -> Decision:
    """End one's own lock; ending it twice is `Already`, after a break it is `LockLost`.

    One that has run out gets the tombstone of an expiry: only a write proves that it was not extended since the read.
    `by_upload`: only while the holder wishes their upload to end it; else it is `Already` as it should be.
    """
    found = intact(snapshot, op_id)
    if isinstance(found, Damaged | Already):
        return found
    if preconditions.is_lock(found, lock_id) and found.holder == holder:
        if phase(found, snapshot.now) is Phase.EXPIRED:
            return expire(snapshot, lock_id=lock_id, op_id=op_id)
        if by_upload and not found.unlock_on_upload:
            return Already(found)
        ended = next_record.ended(found, snapshot, EndReason.RELEASED, by=holder)
        return Write(next_record.tombstone(snapshot, op_id, ended))
    return preconditions.ended_before(found, lock_id, holder) or LockLost(found)


def end(
    snapshot: Snapshot,
    *,
    lock_id: str,
    op_id: str,
    reason: EndReason,
    by: str | None,
    why: str | None = None,
) -> Decision:
    """End another's lock: broken by a person, or the holder or the file is gone.

    `Already` when the named lock has ended and the file is unlocked since; one that has run out expires.
    """
    found = intact(snapshot, op_id)
    if isinstance(found, Damaged | Already):
        return found
    if preconditions.is_lock(found, lock_id):
        if phase(found, snapshot.now) is Phase.EXPIRED:
            return expire(snapshot, lock_id=lock_id, op_id=op_id)
        ended = next_record.ended(found, snapshot, reason, by=by, why=why)
        return Write(next_record.tombstone(snapshot, op_id, ended))
    if isinstance(found, Free) and found.ended.lock_id == lock_id:
        return Already(found)
    return LockLost(found)


def expire(snapshot: Snapshot, *, lock_id: str, op_id: str) -> Decision:
    """Write the tombstone of a lock whose time and margin have passed; `LockLost` when it was extended."""
    found = intact(snapshot, op_id)
    if isinstance(found, Damaged | Already):
        return found
    if preconditions.is_lock(found, lock_id) and phase(found, snapshot.now) is Phase.EXPIRED:
        ended = next_record.ended(found, snapshot, EndReason.EXPIRED, by=None)
        return Write(next_record.tombstone(snapshot, op_id, ended))
    if isinstance(found, Free) and found.ended.lock_id == lock_id:
        return Already(found)
    return LockLost(found)


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
) -> Decision:
    """End the named lock and begin one's own in a single write.

    Over a lock that has run out this is an ordinary acquire. Raises `ValueError` for a snapshot without the file's
    head.
    """
    found = intact(snapshot, op_id)
    if isinstance(found, Damaged | Already):
        return found
    if not preconditions.is_lock(found, old_lock_id):
        return LockLost(found)
    refusal = preconditions.unfit(found, snapshot, lock_id, limits, life)
    if refusal:
        return refusal
    over = phase(found, snapshot.now) is Phase.EXPIRED
    reason, author, words = (EndReason.EXPIRED, None, None) if over else (EndReason.TAKEN_OVER, by, why)
    held = next_record.new_lock(
        snapshot,
        holder=by,
        lock_id=lock_id,
        op_id=op_id,
        kind=AuditKind.ACQUIRED if over else AuditKind.TAKEN_OVER,
        expires_at=next_record.expiry(snapshot.now, limits, life),
        ended=next_record.ended(found, snapshot, reason, by=author, why=words),
    )
    return Write(replace(held, note=note, unlock_on_upload=unlock_on_upload, chosen=life is not None))


def hand_over(
    snapshot: Snapshot,
    *,
    by: str,
    to: str,
    old_lock_id: str,
    lock_id: str,
    op_id: str,
    limits: Limits,
    managed: bool = False,
    why: str | None = None,
) -> Decision:
    """End the named live lock of `by` (`managed`: of anybody) and begin one of `to` in a single write.

    The new lock has a life of its own, and neither note nor wish of the old one. `Already` where it is there, however
    it went on since. Raises `ValueError` for a snapshot without the file's head.
    """
    found = intact(snapshot, op_id)
    if isinstance(found, Damaged | Already):
        return found
    if preconditions.is_lock(found, lock_id) and found.holder == to:
        return Already(found)
    if not preconditions.is_lock(found, old_lock_id) or phase(found, snapshot.now) is not Phase.HELD:
        return LockLost(found)
    if found.holder == to or not (managed or found.holder == by):
        return LockLost(found)
    refusal = preconditions.unfit(found, snapshot, lock_id, limits, None)
    if refusal:
        return refusal
    held = next_record.new_lock(
        snapshot,
        holder=to,
        lock_id=lock_id,
        op_id=op_id,
        kind=AuditKind.HANDED_OVER,
        expires_at=next_record.expiry(snapshot.now, limits, None),
        ended=next_record.ended(found, snapshot, EndReason.HANDED_OVER, by=by, why=why),
    )
    return Write(held)


def heal(snapshot: Snapshot, *, witness: Held, op_id: str) -> Decision:
    """Write the witnessed lock again where outsiders removed or garbled its record.

    `Already` when a readable record is not older than the witness; `LockLost` when the lock has ended or run out, or a
    newer app wrote the record. The newer of `witness` and the snapshot's own counts.
    """
    seen = replace(snapshot, witness=newest(witness, snapshot.witness))
    state = intact(seen, op_id)
    if isinstance(state, Damaged):
        epoch, seq = next_place(seen)
        written = replace(state.witness, epoch=epoch, seq=seq, op_id=op_id, at=snapshot.now, kind=AuditKind.HEALED)
        return Write(written)
    found = trusted(seen.found, seen.witness)
    return Already(found) if isinstance(found, Held | Free) else LockLost(found)


def write_end(snapshot: Snapshot, *, op_id: str) -> Decision:
    """Store an end that only the witness knows, in its own place where that is still free.

    `Already` when a readable record is not older; `LockLost` when no end is known.
    """
    found, known = trusted(snapshot.found, snapshot.witness), snapshot.witness
    if isinstance(found, Held | Free):
        return Already(found)
    if not isinstance(known, Free) or isinstance(found, Newer):
        return LockLost(found)
    if isinstance(found, Unreadable) and found.seq + 1 == known.seq:
        return Write(replace(known, kind=kind_of(known)))
    epoch, seq = next_place(snapshot)
    return Write(replace(known, epoch=epoch, seq=seq, op_id=op_id, at=snapshot.now, kind=AuditKind.HEALED))


def forget(snapshot: Snapshot, *, account: str, pseudonym: str, op_id: str) -> Decision:
    """Put the pseudonym wherever the record names the account; `Already` when it does so nowhere.

    A lock of the account itself has to end first (`LockLost` carries it).
    """
    found = intact(snapshot, op_id)
    if isinstance(found, Damaged | Already):
        return found
    if not isinstance(found, Held | Free) or (isinstance(found, Held) and found.holder == account):
        return LockLost(found)
    if not pseudonyms.names(found, account):
        return Already(found)
    epoch, seq = next_place(snapshot)
    without = pseudonyms.without(found, account, pseudonym)
    kind = AuditKind.PERSON_ERASED
    return Write(replace(without, epoch=epoch, seq=seq, op_id=op_id, at=snapshot.now, kind=kind))


def bury(snapshot: Snapshot, op_id: str) -> Decision:
    """Take persons and words out of the record of an ended lock; `Already` when it has none."""
    found = intact(snapshot, op_id)
    if isinstance(found, Damaged | Already):
        return found
    if not isinstance(found, Free):
        return LockLost(found)
    bare = pseudonyms.tombstone(found)
    if bare == found:
        return Already(found)
    epoch, seq = next_place(snapshot)
    return Write(replace(bare, epoch=epoch, seq=seq, op_id=op_id, at=snapshot.now, kind=AuditKind.PERSON_ERASED))
