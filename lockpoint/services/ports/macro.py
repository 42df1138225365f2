"""The macro "Locked attachments" in a document: what it lists, and how that reads in somebody's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class MacroScope(StrEnum):
    PAGE = "page"
    SPACE = "space"
    MINE = "mine"


class MacroColumn(StrEnum):
    FILE = "file"
    PAGE = "page"
    OWNER = "owner"
    SINCE = "since"
    ENDS = "ends"
    STATE = "state"
    NOTE = "note"


class MacroTrouble(StrEnum):
    """Why nothing is listed."""

    GUEST = "guest"
    FORBIDDEN = "forbidden"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroRow:
    """`title` and `page_title` are None where the reader may not see the page any more, as holder."""

    title: str | None
    open_url: str | None
    page_title: str | None
    mine: bool
    holder: str | None
    since: datetime | None
    expires_at: datetime | None
    protection: str
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroTable:
    """`more`: locks beyond the rows; None: some, nobody counted them."""

    scope: MacroScope
    columns: tuple[MacroColumn, ...]
    rows: tuple[MacroRow, ...] = ()
    more: int | None = 0
    trouble: MacroTrouble | None = None


@dataclass(frozen=True, slots=True)
class MacroCell:
    text: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroDocument:
    """Plain text. Without rows there are no `columns`; `lines` follow the table."""

    language: str
    direction: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[MacroCell, ...], ...]
    lines: tuple[str, ...]


class MacroWords(Protocol):
    def document(self, table: MacroTable, locale: str, time_zone: str) -> MacroDocument:
        """English for a language without a catalogue."""
        ...
