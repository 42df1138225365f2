"""The mark that our own versions carry in their comment, so that they are known even when Postgres is not."""

from __future__ import annotations

import re
from datetime import datetime

_PATTERN = re.compile(r"\[lockpoint (?P<lock>[0-9a-f]{32}) (?P<created>[0-9T:.+Z-]{19,40})\]")


def marker(lock_id: str, source_created: datetime) -> str:
    """A version comment for people and for us: which hold was protected, and whose content this version brings back."""
    return f"Lockpoint restored the protected version. [lockpoint {lock_id} {source_created.isoformat()}]"


def source_of(message: str) -> datetime | None:
    """When the version was made whose content a marked version brings back; None for any other comment."""
    found = _PATTERN.search(message)
    if found is None:
        return None
    try:
        created = datetime.fromisoformat(found["created"])
    except ValueError:
        return None
    return created if created.tzinfo is not None else None
