"""A file's history as the host tells it, and what is needed to judge it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a file; `size`, `file_id`, `title` and `media_type` are None where they were not read."""

    number: int
    created: datetime
    author: str | None
    message: str = ""
    minor: bool = False
    size: int | None = None
    file_id: str | None = None
    title: str | None = None
    media_type: str | None = None

    def named_as(self, other: Version) -> bool:
        """Return whether name and media type are the other's, as far as both were read."""
        return not (_differ(self.title, other.title) or _differ(self.media_type, other.media_type))


class FileStatus(StrEnum):
    CURRENT = "current"
    TRASHED = "trashed"
    ARCHIVED = "archived"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class History:
    """A file's versions, oldest first; `complete`: they reach back to the protected one.

    `numbered`: each but the newest was read under its number, after the newest.
    """

    status: FileStatus
    versions: tuple[Version, ...]
    complete: bool = True
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class KnownRestoration:
    """A version of ours and the version whose content it brought back, both by the host's time."""

    created: datetime
    source_created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is undone, and whose versions count as the holder's.

    `absence_until` is when the site became active again; until then everybody could upload.
    """

    undo_rename: bool = True
    undo_trash: bool = True
    allowed: frozenset[str] = frozenset()
    absence_until: datetime | None = None


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other
