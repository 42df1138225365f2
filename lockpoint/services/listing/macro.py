"""The macro "Locked attachments" as a document, for exports: what one person may see of the locks it lists."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from lockpoint.services.context import Priority
from lockpoint.services.errors import HostError, NotAllowed, StorageUnavailable
from lockpoint.services.listing import lock_list, page_files
from lockpoint.services.listing.lock_list import LockListQuery, LockScope
from lockpoint.services.locks.lock_view import ViewState
from lockpoint.services.ports.confluence import Attachment
from lockpoint.services.ports.listing import LockOrder
from lockpoint.services.ports.macro import MacroColumn, MacroRow, MacroScope, MacroTable, MacroTrouble
from lockpoint.services.quota_accounting import spending_on

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

    from lockpoint.services.container import Services
    from lockpoint.services.context import Actor
    from lockpoint.services.listing.lock_list import LockRow
    from lockpoint.services.listing.page_files import FileRow
    from lockpoint.services.locks.lock_view import LockView
    from lockpoint.services.ports.macro import MacroDocument

USUAL_ROWS, MOST_ROWS = 10, 100
WHOLE_PAGE: Final = 10_000
NOWHERE: Final = ("en", "UTC")
_HELD: Final = frozenset({ViewState.MINE, ViewState.OTHER, ViewState.ENDING})
_BETWEEN: Final = re.compile(r"[,|;\s]+")
_USUAL: Final[Mapping[MacroScope, tuple[MacroColumn, ...]]] = {
    MacroScope.PAGE: (MacroColumn.FILE, MacroColumn.OWNER, MacroColumn.SINCE, MacroColumn.ENDS),
    MacroScope.SPACE: (MacroColumn.FILE, MacroColumn.PAGE, MacroColumn.OWNER, MacroColumn.SINCE, MacroColumn.ENDS),
    MacroScope.MINE: (MacroColumn.FILE, MacroColumn.PAGE, MacroColumn.SINCE, MacroColumn.ENDS),
}

E = TypeVar("E", bound="StrEnum")


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroChoice:
    """What the author of the macro chose."""

    scope: MacroScope
    columns: tuple[MacroColumn, ...]
    order: LockOrder
    rows: int


@dataclass(frozen=True, slots=True)
class MacroPlace:
    """Ids of the page that is exported and of its space, as far as they are told."""

    page_id: str | None
    space_key: str | None


def choice_of(parameters: Mapping[str, str]) -> MacroChoice:
    """As the screen reads them: whatever an author typed otherwise counts as not chosen."""
    scope = _one_of(MacroScope, parameters.get("scope", "")) or MacroScope.PAGE
    return MacroChoice(
        scope=scope,
        columns=_columns(parameters.get("columns", ""), scope),
        order=_one_of(LockOrder, parameters.get("sort", "")) or LockOrder.EXPIRES,
        rows=_rows(parameters.get("rows", "")),
    )


def document(services: Services, actor: Actor | None, choice: MacroChoice, place: MacroPlace) -> MacroDocument:
    """Return what an export shows to this person; guests are told to log in. `NotFound`, the host's errors."""
    with spending_on("macro_export", page=place.page_id):
        table = _table(services, actor, choice, place)
        return services.macro_words.document(table, *_reader(services, actor))


def _table(services: Services, actor: Actor | None, choice: MacroChoice, place: MacroPlace) -> MacroTable:
    if actor is None:
        return _nothing(choice, MacroTrouble.GUEST)
    if choice.scope is MacroScope.PAGE:
        return _of_page(services, actor, choice, place)
    try:
        return _across_pages(services, actor, choice, place)
    except NotAllowed:
        return _nothing(choice, MacroTrouble.FORBIDDEN)


def _nothing(choice: MacroChoice, trouble: MacroTrouble) -> MacroTable:
    return MacroTable(scope=choice.scope, columns=choice.columns, trouble=trouble)


def _of_page(services: Services, actor: Actor, choice: MacroChoice, place: MacroPlace) -> MacroTable:
    found = page_files.of_content(services, actor, place.page_id or "", page_files.Query(limit=WHOLE_PAGE))
    if found.switched_off:
        return _nothing(choice, MacroTrouble.INACTIVE)
    held = sorted(
        (_on_page(row) for row in found.rows if row.lock.state in _HELD),
        key=lambda row: _place(row, choice.order),
        reverse=choice.order.startswith("-"),
    )
    rows = tuple(held[: choice.rows])
    return MacroTable(scope=choice.scope, columns=choice.columns, rows=rows, more=len(held) - len(rows))


def _across_pages(services: Services, actor: Actor, choice: MacroChoice, place: MacroPlace) -> MacroTable:
    of_space = choice.scope is MacroScope.SPACE
    query = LockListQuery(
        scope=LockScope.SPACE if of_space else LockScope.MINE,
        space_key=place.space_key if of_space else None,
        order=choice.order,
        limit=choice.rows,
    )
    part = lock_list.read(services, actor, query)
    rows = tuple(_listed(row) for row in part.rows)
    return MacroTable(scope=choice.scope, columns=choice.columns, rows=rows, more=None if part.next_cursor else 0)


def _on_page(row: FileRow) -> MacroRow:
    file = row.attachment
    return _row(row.lock, file.title, file.open_url if isinstance(file, Attachment) else None, None)


def _listed(row: LockRow) -> MacroRow:
    return _row(row.lock, row.title, row.open_url, row.page_title)


def _row(lock: LockView, title: str | None, open_url: str | None, page_title: str | None) -> MacroRow:
    return MacroRow(
        title=title,
        open_url=open_url,
        page_title=page_title,
        mine=lock.state is ViewState.MINE,
        holder=lock.holder.display_name if lock.holder else None,
        since=lock.since,
        expires_at=lock.expires_at,
        protection=lock.protection,
        note=lock.note,
    )


def _place(row: MacroRow, order: LockOrder) -> datetime:
    """What has no moment comes last by rising order."""
    at = row.since if order.endswith("since") else row.expires_at
    return at or datetime.max.replace(tzinfo=UTC)


def _reader(services: Services, actor: Actor | None) -> tuple[str, str]:
    """Return language and zone from the profile that is known, else as Confluence tells them now."""
    if actor is None:
        return NOWHERE
    with suppress(StorageUnavailable):
        known = services.profiles.get(actor.tenant, actor.account_id)
        if known is not None and known.locale:
            return known.locale, known.time_zone or NOWHERE[1]
    try:
        person = services.people.profile(actor.tenant, actor.account_id, priority=Priority.INTERACTIVE)
    except HostError:
        return NOWHERE
    return person.locale or NOWHERE[0], person.time_zone or NOWHERE[1]


def _one_of(known: type[E], text: str) -> E | None:
    name = text.strip().lower()
    return next((one for one in known if one.value == name), None)


def _columns(text: str, scope: MacroScope) -> tuple[MacroColumn, ...]:
    """The file is always shown, and first."""
    chosen = [column for name in _BETWEEN.split(text) if (column := _one_of(MacroColumn, name)) is not None]
    return tuple(dict.fromkeys((MacroColumn.FILE, *chosen))) if chosen else _USUAL[scope]


def _rows(text: str) -> int:
    digits = text.strip()
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < len(str(WHOLE_PAGE)) else 0
    return min(number, MOST_ROWS) if number else USUAL_ROWS
