"""Locks of a site in order, from the witness table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import TIMESTAMP, ColumnElement, func, literal, or_, select, tuple_

from lockpoint.domain.lock import MARGIN
from lockpoint.services.context import Tenant
from lockpoint.services.ports.listing import WELL_PROTECTED, ListedState, LockOrder, LockQuery
from lockpoint.services.ports.locks import Protection, Witness
from lockpoint.storage.engine import Database
from lockpoint.storage.locks.witness import NEVER, read_row, time_in
from lockpoint.storage.tables import LOCK_WITNESS

_ROW: Final = LOCK_WITNESS.c
_expires: Final = time_in("expires_at")
_KEYS: Final = {"expires": _expires, "since": time_in("acquired_at")}


class PostgresLockIndex:
    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, tenant: Tenant, query: LockQuery) -> Sequence[Witness]:
        key, down = _KEYS[query.order.lstrip("-")], query.order.startswith("-")
        order = (key.desc(), _ROW.attachment_id.desc()) if down else (key, _ROW.attachment_id)
        statement = select(LOCK_WITNESS).where(*_wanted(tenant, query)).order_by(*order).limit(query.limit)
        with self._database.single() as connection:
            return [read_row(row) for row in connection.execute(statement)]

    def protections(self, tenant: Tenant, space_id: str | None, now: datetime) -> Mapping[Protection, int]:
        of_space = () if space_id is None else (or_(_ROW.space_id == space_id, _ROW.space_id.is_(None)),)
        statement = (
            select(_ROW.protection, func.count())
            .where(_ROW.tenant_id == tenant.id, _ROW.holder.is_not(None), _expires > now - MARGIN, *of_space)
            .group_by(_ROW.protection)
        )
        with self._database.single() as connection:
            return {Protection(word): count for word, count in connection.execute(statement)}


def _wanted(tenant: Tenant, query: LockQuery) -> Iterator[ColumnElement[bool]]:
    yield _ROW.tenant_id == tenant.id
    yield _ROW.holder.is_not(None)
    yield _expires > query.now - MARGIN
    if query.space_id is not None:
        yield or_(_ROW.space_id == query.space_id, _ROW.space_id.is_(None))
    if query.holder is not None:
        yield _ROW.holder == query.holder
    if query.page_id is not None:
        yield _ROW.container_id == query.page_id
    if query.named is not None:
        files, holders = query.named
        yield or_(_ROW.attachment_id == func.any(sorted(files)), _ROW.holder == func.any(sorted(holders)))
    if query.state is not None:
        yield _in_state(query.state, query)
    if query.after is not None:
        yield _after(query.order, query.after)


def _in_state(state: ListedState, query: LockQuery) -> ColumnElement[bool]:
    match state:
        case ListedState.ENDING:
            return _expires <= query.now
        case ListedState.UNPROTECTED:
            return _ROW.protection.not_in([word.value for word in WELL_PROTECTED])
        case ListedState.MINE:
            return (_ROW.holder == query.viewer) & (_expires > query.now)
        case ListedState.OTHER:
            return (_ROW.holder != query.viewer) & (_expires > query.now)


def _after(order: LockOrder, place: tuple[Any, str]) -> ColumnElement[bool]:
    at, attachment_id = place
    here = tuple_(_KEYS[order.lstrip("-")], _ROW.attachment_id)
    there = tuple_(NEVER if at is None else literal(at, TIMESTAMP(timezone=True)), literal(attachment_id))
    return here < there if order.startswith("-") else here > there
