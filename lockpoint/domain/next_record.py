"""The record that comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Ended, EndReason, Free, Held, Limits, Snapshot
from lockpoint.domain.snapshots import next_place

# A tombstone names this many pending overwrites, the oldest; the audit log has them all.
PENDING_AT_MOST = 20


def expiry(now: datetime, limits: Limits, life: timedelta | None) -> datetime | None:
    """Return when a lock of this life ends, counted from now; None is never."""
    if life is not None:
        return now + life
    return None if limits.endless else now + min(limits.default, limits.longest)


def kept_expiry(held: Held, now: datetime, limits: Limits, life: timedelta | None) -> datetime | None:
    """Return the new end of a present lock: not before its old end, not beyond the longest life."""
    wished = expiry(now, limits, life)
    if wished is None or held.expires_at is None:
        return None
    return max(held.expires_at, min(wished, held.acquired_at + limits.longest))


def extended(held: Held, snapshot: Snapshot, op_id: str, limits: Limits, life: timedelta | None) -> Held:
    """Return the lock with its life counted from now; one that keeps its end keeps from when that was counted."""
    end = kept_expiry(held, snapshot.now, limits, life)
    written = moved(held, snapshot, op_id, AuditKind.EXTENDED, end)
    return written if end == held.expires_at else replace(written, extended_at=snapshot.now, chosen=life is not None)


def moved(held: Held, snapshot: Snapshot, op_id: str, kind: AuditKind, expires_at: datetime | None) -> Held:
    """Return the same lock, written once more."""
    epoch, seq = next_place(snapshot)
    return replace(held, epoch=epoch, seq=seq, op_id=op_id, at=snapshot.now, kind=kind, expires_at=expires_at)


def new_lock(
    snapshot: Snapshot,
    *,
    holder: str,
    lock_id: str,
    op_id: str,
    kind: AuditKind,
    expires_at: datetime | None,
    ended: Ended | None,
) -> Held:
    epoch, seq = next_place(snapshot)
    assert snapshot.head is not None  # noqa: S101 - `_unfit` has refused such a snapshot
    return Held(
        epoch=epoch,
        seq=seq,
        op_id=op_id,
        at=snapshot.now,
        kind=kind,
        lock_id=lock_id,
        holder=holder,
        acquired_at=snapshot.now,
        expires_at=expires_at,
        base=snapshot.head,
        ended=ended,
    )


def tombstone(snapshot: Snapshot, op_id: str, ended: Ended) -> Free:
    epoch, seq = next_place(snapshot)
    kind = AuditKind(ended.reason)
    return Free(epoch=epoch, seq=seq, op_id=op_id, at=snapshot.now, kind=kind, ended=ended)


def ended(held: Held, snapshot: Snapshot, reason: EndReason, *, by: str | None, why: str | None = None) -> Ended:
    """Return how this lock ends; one that ran out ended when it ran out, however late that was noticed."""
    at = held.expires_at if reason is EndReason.EXPIRED and held.expires_at else snapshot.now
    return Ended(reason, by, at, held.lock_id, held.holder, why, snapshot.pending[:PENDING_AT_MOST])
