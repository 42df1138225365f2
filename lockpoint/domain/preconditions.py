"""Why a rule refuses, or finds its work done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeGuard

from lockpoint.domain import next_record
from lockpoint.domain.decisions import Already, AlreadyLocked, Ending, LockLost, OutOfDate, TooLong
from lockpoint.domain.lock import MARGIN, Ended, EndReason, FoundRecord, Free, Held, Limits, Newer, Snapshot
from lockpoint.domain.snapshots import ended_of

# Ends that the holder asked for or expected: ending such a lock again is no error.
_EXPECTED_ENDS = (EndReason.RELEASED, EndReason.EXPIRED)


def is_lock(found: FoundRecord, lock_id: str) -> TypeGuard[Held]:
    return isinstance(found, Held) and found.lock_id == lock_id


def taken(found: FoundRecord, holder: str, now: datetime) -> AlreadyLocked | Ending | None:
    """Return why `holder` cannot lock the file now; a live lock of their own is ignored."""
    if isinstance(found, Newer):
        return AlreadyLocked(None)
    if not isinstance(found, Held) or found.expires_at is None:
        return AlreadyLocked(found) if isinstance(found, Held) else None
    if now < found.expires_at:
        return AlreadyLocked(found)
    granted = found.expires_at + MARGIN
    return Ending(found, granted - now) if now < granted and found.holder != holder else None


def unfit(
    found: FoundRecord, snapshot: Snapshot, lock_id: str, limits: Limits, life: timedelta | None
) -> LockLost | TooLong | None:
    """Return why a new lock cannot be written although the file is free.

    A lock id names one lock: a late retry must not bring back one that has ended. Raises `ValueError` for a snapshot
    without the file's head.
    """
    if snapshot.head is None:
        raise ValueError("a lock needs the file's newest version to protect")
    ended = ended_of(found)
    if is_lock(found, lock_id) or (ended and ended.lock_id == lock_id):
        return LockLost(found)
    return TooLong(limits.longest) if life is not None and life > limits.longest else None


def out_of_date(snapshot: Snapshot, seen_version: int | None, seen_created: datetime | None) -> OutOfDate | None:
    """Return a refusal when the caller saw another version than the newest.

    The time of its making identifies a version; its number is a place, which changes when another one is deleted.
    """
    head = snapshot.head
    if head is None:
        return None
    same = seen_version in {None, head.number} if seen_created is None else seen_created == head.created
    return None if same else OutOfDate(head)


def ended_so_far(found: FoundRecord, snapshot: Snapshot) -> Ended | None:
    if isinstance(found, Held):
        return next_record.ended(found, snapshot, EndReason.EXPIRED, by=None)
    return ended_of(found)


def ended_before(found: FoundRecord, lock_id: str, holder: str) -> Already | None:
    """Return `Already` when the named lock of `holder` has ended as its holder asked or expected."""
    ended = ended_of(found)
    known = ended is not None and (ended.lock_id, ended.holder) == (lock_id, holder) and ended.reason in _EXPECTED_ENDS
    return Already(found) if known and isinstance(found, Held | Free) else None
