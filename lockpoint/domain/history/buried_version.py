"""Which version a restore of ours buried that came after its lock's end."""

from __future__ import annotations

from datetime import datetime

from lockpoint.domain.history.lineage import same_content
from lockpoint.domain.history.version_marker import is_strict, source_of
from lockpoint.domain.history.versions import Version


def restored_late(version: Version, end: datetime, us: frozenset[str]) -> bool:
    """Return whether one of `us` restored it for the lock after its `end`, by the host's time."""
    ours = version.author in us and source_of(version.message) is not None
    return version.created >= end and ours and not is_strict(version.message)


def buried_version(versions: tuple[Version, ...], *, end: datetime, holder: str, us: frozenset[str]) -> Version | None:
    """Return the version whose content should be current; None when it is, or when only an overwrite was undone.

    Before `end` what the holder made and what we restored was right; since then what we did not restore is. A new name
    changes nothing. `versions` begin before the end, oldest first.
    """
    right, before = None, None
    for version in versions:
        named = before is not None and same_content(before, version)
        if not named and not restored_late(version, end, us):
            right = version if version.created >= end or version.author in us | {holder} else None
        before = version
    if right is None or before is None or right.created == before.created or same_content(right, before):
        return None
    return right
