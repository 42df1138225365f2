"""What a strict space protects of a file that nobody holds: as a lock of nobody, so that the same judge decides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from lockpoint.domain.history.versions import Version
from lockpoint.domain.lock import Base, Held

NOBODY: Final = ""
"""The holder of no lock."""

REACH: Final = timedelta(hours=3)
"""Older versions stand: they were looked at, or nobody told of them in time. Longer than the longest pause."""


def settled_until(now: datetime, *moments: datetime | None) -> datetime:
    """Return until when versions stand: strictness began, a lock ended, the space came back, or it is long ago."""
    return max(moment for moment in (now - REACH, *moments) if moment)


def base_among(versions: Iterable[Version], settled: datetime) -> Version | None:
    """Return the newest version that stands; the first of a file does, whenever it was made. None: it is not known."""
    ordered = sorted(versions, key=lambda version: version.number)
    standing = [version for version in ordered if version.created <= settled or version.number == 1]
    return standing[-1] if standing else None


def id_of_nobody(attachment_id: str) -> str:
    """Return an id that no lock has: the file's own, for the restore budget."""
    return attachment_id.zfill(32)


def lock_of_nobody(attachment_id: str, base: Version, settled: datetime) -> Held:
    """Return what stands for a lock."""
    since = max(settled, base.created)
    return Held(
        epoch=0,
        seq=0,
        op_id="",
        at=since,
        lock_id=id_of_nobody(attachment_id),
        holder=NOBODY,
        acquired_at=since,
        expires_at=None,
        base=Base(created=base.created, author=base.author, size=base.size, number=base.number),
        began=since,
    )
