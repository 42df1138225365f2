"""Locks across pages: one's own, those one waits for, those of a space or a site, as one person may see them.

Postgres says which locks there are and in which order; what is shown of each is read from Confluence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from lockpoint.domain.lock import Held
from lockpoint.domain.permissions import Facts, may_break
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.deadlines import seconds_left
from lockpoint.services.errors import Invalid, NotAllowed, Rejected
from lockpoint.services.listing import cursors
from lockpoint.services.listing.known_locks import LockOnPage, read_all
from lockpoint.services.lock_record.waitlist import waitlist_of
from lockpoint.services.locks.authorization import roles_in
from lockpoint.services.locks.lock_view import LockView, ViewState, views_of
from lockpoint.services.ports.confluence import Container
from lockpoint.services.ports.listing import ListedState, LockOrder, LockPlace, LockQuery
from lockpoint.services.ports.locks import Witness
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy import site_settings, space_settings

MOST_LOOKED_AT: Final = 4
"""Times the length of a part: how many locks may turn out not to be shown before the part stays short."""

READ_TOGETHER: Final = 50
ENOUGH_SECONDS: Final = 8.0
"""What must be left of the request's time to read more."""


class LockScope(StrEnum):
    MINE = "mine"
    WAITING = "waiting"
    """Locks of others that the person waits for, or asks the holder for."""
    SPACE = "space"
    SITE = "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockListQuery:
    """`text` matches names of files and, but for one's own locks, of holders; `space_key` belongs to its scope."""

    scope: LockScope
    space_key: str | None = None
    text: str = ""
    state: ListedState | None = None
    holder: str | None = None
    page_id: str | None = None
    order: LockOrder = LockOrder.EXPIRES
    cursor: str | None = None
    limit: int = 50

    @property
    def question(self) -> str:
        """What a cursor goes on with, whatever the length of the parts."""
        return repr(replace(self, cursor=None, limit=0))


@dataclass(frozen=True, slots=True)
class LockRow:
    """A locked file; the titles are None where the person may not see the page any more, as holder."""

    attachment_id: str
    title: str | None
    open_url: str | None
    container: Container | None
    page_title: str | None
    lock: LockView


@dataclass(frozen=True, slots=True)
class LockPart:
    """`searched_all`: the search for `text` found no more files than it looks at."""

    rows: tuple[LockRow, ...]
    next_cursor: str | None
    searched_all: bool


def read(services: Services, actor: Actor, query: LockListQuery) -> LockPart:
    """Return a part of a list; `NotAllowed` for who may not end others' locks there, `NotFound` for the space.

    Locks on pages that the person may not see are left out. What ends, begins or is extended between two parts changes
    places; nothing else is lost or repeated.
    """
    with spending_on("lock_list"):
        index_query, roles = _allowed(services, actor, query)
        named, searched_all = _named(services, actor, query)
        after = cursors.unseal(services, actor, query.question, query.cursor) if query.cursor else None
        found = _Finder(services, actor, replace(index_query, named=named, after=after), roles, query.scope)
        rows, place = found.part(query.limit) if named is None or any(named) else ((), None)
        cursor = cursors.seal(services, actor, query.question, place) if place else None
        return LockPart(_shown(services, actor, rows, roles), cursor, searched_all)


def _allowed(services: Services, actor: Actor, query: LockListQuery) -> tuple[LockQuery, Facts]:
    asked = LockQuery(
        viewer=actor.account_id,
        now=services.clock.now(),
        holder=query.holder,
        page_id=query.page_id,
        state=query.state,
        order=query.order,
    )
    if query.scope is LockScope.MINE:
        if query.holder is not None:
            raise Invalid("One's own locks have one holder.")
        return replace(asked, holder=actor.account_id), Facts()
    if query.scope is LockScope.WAITING:
        return replace(asked, state=query.state or ListedState.OTHER), Facts()
    if query.scope is LockScope.SITE:
        site_settings.must_administer(services, actor)
        return asked, Facts(site_admin=True)
    space_id, roles = manages_space(services, actor, query.space_key or "")
    return replace(asked, space_id=space_id), roles


def manages_space(services: Services, actor: Actor, space_key: str) -> tuple[str, Facts]:
    """Return the space's id and the role of a person who may end others' locks there."""
    space_id = space_settings.id_of(services, actor, space_key)
    roles = roles_in(services, actor, space_id)
    if not may_break(roles):
        raise NotAllowed("Only lock managers, space admins and site admins may see the locks of a space.")
    return space_id, roles


def _named(
    services: Services, actor: Actor, query: LockListQuery
) -> tuple[tuple[frozenset[str], frozenset[str]] | None, bool]:
    """Return the files and holders that `text` means, as Confluence finds them for this person."""
    text, directory, tenant, account = query.text.strip(), services.directory, actor.tenant, actor.account_id
    if not text:
        return None, True
    try:
        files, whole = directory.find_files(
            tenant, account, text, space_key=query.space_key, priority=Priority.INTERACTIVE
        )
        people = directory.find_people(tenant, account, text, priority=Priority.INTERACTIVE)
    except Rejected:  # nothing is called like that
        return (frozenset(), frozenset()), True
    holders = frozenset(person.account_id for person in people) if query.scope is not LockScope.MINE else frozenset()
    return (files, holders), whole


@dataclass(frozen=True, slots=True)
class _Finder:
    """Goes along the index until enough locks are found that the person may see."""

    services: Services
    actor: Actor
    query: LockQuery
    roles: Facts
    scope: LockScope

    def part(self, limit: int) -> tuple[Sequence[LockOnPage], LockPlace | None]:
        """Return at most `limit` locks, and the place to go on after, None at the end."""
        rows: list[LockOnPage] = []
        looked_at, query = 0, self.query
        while True:
            wanted = min(limit - len(rows), READ_TOGETHER)
            known = self.services.lock_index.page(self.actor.tenant, replace(query, limit=wanted + 1))
            rows += self._visible(known[:wanted])
            looked_at += wanted
            if len(known) <= wanted:
                return rows, None
            query = replace(query, after=_place(query.order, known[wanted - 1]))
            late = seconds_left() < ENOUGH_SECONDS
            if len(rows) >= limit or looked_at >= MOST_LOOKED_AT * limit or late:
                return rows, query.after

    def _visible(self, known: Sequence[Witness]) -> Iterator[LockOnPage]:
        for found in read_all(self.services, self.actor, known):
            held = found.state.standing
            if isinstance(held, Held) and self._in_scope(found, held):
                yield found

    def _in_scope(self, found: LockOnPage, held: Held) -> bool:
        """A page may have moved to another space since."""
        if self.scope is LockScope.MINE:
            return held.holder == self.actor.account_id
        if found.view is None or self.query.space_id not in {None, found.view.space_id}:
            return False
        return self.scope is not LockScope.WAITING or self._awaited(found, held)

    def _awaited(self, found: LockOnPage, held: Held) -> bool:
        file = found.state.attachment
        waitlist = waitlist_of(self.services, self.actor.tenant, file.id, file.waitlist_row)
        return self.actor.account_id in waitlist.under(held).everybody


def _place(order: LockOrder, witness: Witness) -> LockPlace:
    held = witness.record
    assert isinstance(held, Held)  # noqa: S101 - the index has held files only
    return held.acquired_at if order.endswith("since") else held.expires_at, witness.attachment_id


def _shown(services: Services, actor: Actor, rows: Sequence[LockOnPage], roles: Facts) -> tuple[LockRow, ...]:
    pairs = [(row.state, _rights(roles, row.facts)) for row in rows]
    views = views_of(services, actor, pairs, own_name=True)
    return tuple(_row(row, lock) for row, lock in zip(rows, views, strict=True) if lock.state is not ViewState.FREE)


def _rights(roles: Facts, here: Facts) -> Facts:
    """The roles of the whole list, with what holds on the file's page."""
    return replace(here, lock_manager=roles.lock_manager, space_admin=roles.space_admin, site_admin=roles.site_admin)


def _row(found: LockOnPage, lock: LockView) -> LockRow:
    file, view = found.state.attachment, found.view
    return LockRow(
        attachment_id=file.id,
        title=file.title if view else None,
        open_url=file.open_url if view else None,
        container=file.container if view else None,
        page_title=view.title if view else None,
        lock=lock,
    )
