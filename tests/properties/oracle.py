"""Invariants of stored records, independent of the rules that write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import MARGIN, EndReason, Free, Held, Record


class Violation(AssertionError):
    """A broken invariant; the text begins with its number."""


def require(holds: bool, words: str, *facts: object) -> None:
    if not holds:
        raise Violation(" | ".join([words, *map(repr, facts)]))


@dataclass(frozen=True)
class Stored:
    """One stored record of ours: true time, and person (None: time or repair)."""

    record: Record
    at: datetime
    person: str | None


def check_step(before: Record | None, stored: Stored, *, managers: frozenset[str], skew: timedelta) -> None:
    """Check I2, I5, I10: whether `stored` may follow `before`; our clocks may be off by `skew`."""
    new = stored.record
    if before is None:
        require(isinstance(new, Held), "I2: the first record of a file is a lock", new)
        return
    require((new.epoch, new.seq) > (before.epoch, before.seq), "I5: epoch and seq grow", before, new)
    if isinstance(new, Free):
        _check_end(before, new, stored, managers, skew)
    elif isinstance(before, Held) and before.lock_id == new.lock_id:
        _check_move(before, new)
    else:
        _check_new_lock(before, new, stored, managers, skew)


def _check_end(before: Record, new: Free, stored: Stored, managers: frozenset[str], skew: timedelta) -> None:
    require(isinstance(before, Held), "I2: only a lock can end", before, new)
    assert isinstance(before, Held)
    ended = new.ended
    require(
        (ended.lock_id, ended.holder) == (before.lock_id, before.holder),
        "I2: the ended lock is the present one",
        before,
        new,
    )
    if ended.reason is EndReason.RELEASED:
        require(stored.person == before.holder, "I2: only the holder releases", before, stored)
    elif ended.reason is EndReason.EXPIRED:
        require(_grantable(before, stored.at, skew), "I10: expiry never early", before, stored)
    else:
        require(stored.person in managers, "I2: only managers break", before, stored)


def _check_move(before: Held, new: Held) -> None:
    require(
        (before.holder, before.acquired_at) == (new.holder, new.acquired_at), "I2: a lock keeps its holder", before, new
    )
    shorter = new.expires_at is not None and (before.expires_at is None or new.expires_at < before.expires_at)
    kind = new.kind is AuditKind.SHORTENED
    require(shorter is kind, "L-31: only shorter settings shorten, an extension never does", before, new)
    over = before.expires_at is not None and new.at >= before.expires_at + MARGIN
    require(not over, "I10: an expired lock does not continue", before, new)


def _check_new_lock(before: Record, new: Held, stored: Stored, managers: frozenset[str], skew: timedelta) -> None:
    if isinstance(before, Free):
        return
    ended = new.ended
    require(
        ended is not None and ended.lock_id == before.lock_id, "I2: the next lock tells how the last ended", before, new
    )
    assert ended is not None
    if ended.reason is EndReason.TAKEN_OVER:
        require(
            stored.person == new.holder and stored.person in managers, "I2: only managers take over", before, stored
        )
        return
    if ended.reason is EndReason.HANDED_OVER:
        _check_hand_over(before, new, stored, managers)
        return
    again = before.holder == new.holder and _over(before, stored.at, skew)
    require(again or _grantable(before, stored.at, skew), "I10: no grant to another before the margin", before, stored)


def _check_hand_over(before: Held, new: Held, stored: Stored, managers: frozenset[str]) -> None:
    may = stored.person == before.holder or stored.person in managers
    require(may, "I2: only the holder and managers hand over", before, stored)
    require(new.holder != before.holder, "I2: a file is handed over to another person", before, new)
    live = before.expires_at is None or new.at < before.expires_at
    require(live, "I10: a lock that has run out is not handed over", before, stored)


def _over(held: Held, at: datetime, skew: timedelta) -> bool:
    return held.expires_at is not None and at + skew >= held.expires_at


def _grantable(held: Held, at: datetime, skew: timedelta) -> bool:
    return held.expires_at is not None and at + skew >= held.expires_at + MARGIN and at >= held.expires_at
