"""When a running lock is to be warned of, reminded of, or ended sooner than it was told.

Who asks when a lock ends reads its record: a shorter setting is written there, and nobody computes another end.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Held, Limits
from lockpoint.domain.settings import SpaceRules

LEAST: Final = timedelta(hours=1)
"""What a running lock keeps when a setting is shortened, from the moment that its record says so."""

WEEK: Final = timedelta(days=7)
REMINDED_WITHIN: Final = timedelta(days=2)
"""How long after its moment a weekly reminder may leave; what was told is remembered for longer than this."""

_MONDAY: Final = datetime(2024, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)


def shortened_end(held: Held, limits: Limits, now: datetime) -> datetime | None:
    """Return the earlier end that the settings want for a running lock; None: it keeps its end.

    A life that its holder chose is bounded by the longest life alone.
    """
    if held.expires_at is None and limits.endless:
        return None
    longest = held.acquired_at + limits.longest
    bound = longest if held.chosen else min(longest, held.counts_from + limits.default)
    end = max(bound, now + LEAST)
    return end if held.expires_at is None or end < held.expires_at else None


def warning_at(held: Held, rules: SpaceRules) -> datetime | None:
    """Return when its holder is to be warned of the lock's end; None: never.

    As long before the end as warning and unlock lie apart, and not before the hours of the warning have passed: so a
    lock that lasts no longer than they do needs none, unless its end was brought forward.
    """
    warn, unlock = rules.warn_after_hours, rules.unlock_after_hours
    if warn is None or held.expires_at is None:
        return None
    before = _DAY if unlock is None else timedelta(hours=unlock - warn)
    at = max(held.expires_at - before, held.counts_from + timedelta(hours=warn))
    if at < held.expires_at:
        return at
    return held.at if held.kind is AuditKind.SHORTENED else None


def warning_due(held: Held, rules: SpaceRules, now: datetime) -> bool:
    at = warning_at(held, rules)
    return at is not None and held.expires_at is not None and at <= now < held.expires_at


def warning_key(held: Held) -> str:
    """Return what one warning is about: this end of this lock. An extension asks for another one."""
    return f"{held.lock_id}/{held.expires_at.isoformat() if held.expires_at else ''}"


def reminder_week(held: Held, now: datetime) -> int | None:
    """Return the number of the week whose reminder of locks without an end is due to the holder; None: none is.

    Each person has a moment of the week; a lock younger than a day waits for the next.
    """
    if held.expires_at is not None:
        return None
    first = _MONDAY + WEEK * (int(hashlib.sha256(held.holder.encode()).hexdigest()[:8], 16) / 2**32)
    week = (now - first) // WEEK
    moment = first + week * WEEK
    due = now < moment + REMINDED_WITHIN and held.acquired_at + _DAY <= moment
    return week if due else None
