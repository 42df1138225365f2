"""How often one person of a site is written to: at once, then in digests, and 20 mails an hour at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lockpoint.domain.events import MailKind

HOUR: Final = timedelta(hours=1)
BURST: Final = timedelta(minutes=10)
"""What follows the first mail of a topic is told together after this time, and then once an hour."""

SAME_BURST: Final = 2 * HOUR
"""How long ago a topic was told that is still going on."""

AN_HOUR: Final = 20
"""Mails to one person; the last of them tells everything that waits."""

AT_ONCE: Final = frozenset({MailKind.LOCK_ENDED_BY_OTHER, MailKind.PAUSED})
"""Never held back, folded or counted: without these mails a person works on without protection."""

IN_DIGESTS: Final = frozenset({MailKind.OVERWRITE_ATTEMPT, MailKind.UPLOAD_UNDONE, MailKind.EDIT_REQUEST})


@dataclass(frozen=True, slots=True)
class Topic:
    """What one digest is about: what another person does to, or wants of, one locked file."""

    kind: MailKind
    lock_id: str | None
    actor: str | None


def wait_until(
    kind: MailKind, topic_told: Sequence[datetime], told: Sequence[datetime], now: datetime
) -> datetime | None:
    """Return when a mail may leave that may not leave now.

    `topic_told` is when its topic was told, `told` when mails of any kind but `AT_ONCE` went to the person.
    """
    if kind in AT_ONCE:
        return None
    lately = _since(HOUR, told, now)
    full = lately[-AN_HOUR] + HOUR if len(lately) >= AN_HOUR else now
    again = _next_digest(topic_told, now) if kind in IN_DIGESTS else now
    return max(full, again) if max(full, again) > now else None


def _next_digest(topic_told: Sequence[datetime], now: datetime) -> datetime:
    lately = _since(SAME_BURST, topic_told, now)
    if not lately:
        return now
    return lately[-1] + (BURST if len(lately) == 1 else HOUR)


def takes_last_place(kind: MailKind, told: Sequence[datetime], now: datetime) -> bool:
    """Return whether this mail is the hour's last, which tells everything that waits."""
    return kind not in AT_ONCE and len(_since(HOUR, told, now)) >= AN_HOUR - 1


def _since(time: timedelta, told: Sequence[datetime], now: datetime) -> list[datetime]:
    return sorted(moment for moment in told if moment > now - time)
