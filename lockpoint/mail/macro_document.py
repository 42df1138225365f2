"""The macro "Locked attachments" as a document, in its reader's language: the words of the screen's own catalogues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lockpoint.mail.catalogue import WORDS, Plural
from lockpoint.mail.languages import dates_in, language_for, locale_of, on_screen, translated
from lockpoint.mail.letter import clean, moment, web_address
from lockpoint.services.ports.macro import MacroCell, MacroColumn, MacroDocument, MacroScope, MacroTrouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from babel import Locale

    from lockpoint.services.ports.macro import MacroRow, MacroTable

SCREEN: Final[Mapping[str, str | Plural]] = {
    "person.unknown": "somebody",
    "state.mine": "Locked by you",
    "lock.endless": "No end",
    "protection.restoring": "Restoring",
    "protection.unprotected": "Not protected",
    "lists.hidden": "A file on a page that you can't see any more",
    "lists.nameless": "File without a name",
    "macro.title.page": "Locked attachments of this page",
    "macro.title.space": "Locked attachments of this space",
    "macro.title.mine": "Attachments that you have locked",
    "macro.guest": "Log in to see which attachments are locked.",
    "macro.empty.page": "No attachment of this page is locked.",
    "macro.empty.space": "No attachment is locked in this space.",
    "macro.empty.mine": "You have locked no attachment.",
    "macro.inactive": "Lockpoint is switched off in this space.",
    "macro.forbidden": "The locks of a space are shown to its lock managers, space admins and site admins.",
    "macro.more": Plural("{count} more lock is not shown.", "{count} more locks are not shown."),
    "macro.moreUnknown": "More locks are not shown.",
    "macro.column.file": "File",
    "macro.column.page": "Page",
    "macro.column.owner": "Locked by",
    "macro.column.since": "Since",
    "macro.column.state": "Protection",
    "macro.column.note": "Note",
    "macro.protected": "Protected",
}
"""As the screen has them: the key is the context in its catalogues. A test compares."""

LONGEST_NOTE: Final = 1000


class GettextMacro:
    def document(self, table: MacroTable, locale: str, time_zone: str) -> MacroDocument:
        language = language_for(locale_of(locale))
        page = _Page(language, dates_in(language, locale_of(locale)), time_zone)
        return MacroDocument(
            language=str(page.locale).replace("_", "-"),
            direction=page.locale.text_direction,
            title=page.word(f"macro.title.{table.scope}"),
            columns=tuple(map(page.column, table.columns)) if table.rows else (),
            rows=tuple(tuple(page.cell(column, row) for column in table.columns) for row in table.rows),
            lines=tuple(page.lines(table)),
        )


class _Page:
    def __init__(self, language: str, locale: Locale, time_zone: str) -> None:
        self.language, self.locale, self.time_zone = language, locale, time_zone
        self._cells: Mapping[MacroColumn, Callable[[MacroRow], str]] = {
            MacroColumn.PAGE: lambda row: clean(row.page_title or ""),
            MacroColumn.OWNER: self._owner,
            MacroColumn.SINCE: lambda row: moment(row.since, time_zone, locale),
            MacroColumn.ENDS: lambda row: moment(row.expires_at, time_zone, locale) or self.word("lock.endless"),
            MacroColumn.STATE: self._state,
            MacroColumn.NOTE: lambda row: clean(row.note or "", LONGEST_NOTE),
        }

    def word(self, key: str, count: int = 1) -> str:
        return on_screen(key, SCREEN[key], self.language, count)

    def column(self, column: MacroColumn) -> str:
        """A document says when a lock ends; the screen says how long it still lasts."""
        return (
            translated(WORDS.ends, self.language) if column is MacroColumn.ENDS else self.word(f"macro.column.{column}")
        )

    def cell(self, column: MacroColumn, row: MacroRow) -> MacroCell:
        if column is not MacroColumn.FILE:
            return MacroCell(self._cells[column](row))
        if row.title is None:
            return MacroCell(self.word("lists.hidden"))
        return MacroCell(clean(row.title) or self.word("lists.nameless"), web_address((row.open_url or "",)))

    def lines(self, table: MacroTable) -> Iterator[str]:
        if table.trouble is not None:
            yield self.word(f"macro.{MacroTrouble(table.trouble)}")
        elif not table.rows:
            yield self.word(f"macro.empty.{MacroScope(table.scope)}")
        elif table.more is None:
            yield self.word("macro.moreUnknown")
        elif table.more:
            yield self.word("macro.more", table.more).format(count=table.more)

    def _owner(self, row: MacroRow) -> str:
        return self.word("state.mine") if row.mine else clean(row.holder or "") or self.word("person.unknown")

    def _state(self, row: MacroRow) -> str:
        known = {"restoring": "protection.restoring", "unprotected": "protection.unprotected"}
        return self.word(known.get(row.protection, "macro.protected"))
