"""The audit log: written only in the transaction of its cause, and read by admins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, cast, column, func, or_, select, tuple_, values
from sqlalchemy.dialects.postgresql import Insert, insert

from lockpoint.domain.events import AuditKind
from lockpoint.services.context import Tenant
from lockpoint.services.ports.locks import AuditEvent, AuditQuery
from lockpoint.storage.engine import Database, in_batches
from lockpoint.storage.tables import AUDIT_EVENT, LOCK_WITNESS

_INSERT: Final = insert(AUDIT_EVENT).on_conflict_do_nothing()
_COLUMNS: Final = tuple(AUDIT_EVENT.c.keys())


def append(connection: Connection, tenant_id: int, events: Sequence[AuditEvent], *, newest: bool) -> None:
    """Add the rows that are not there yet; `IntegrityError` when a day has no partition.

    Unless their record is the `newest` that is known, another row may stand for the write, with another time.
    """
    unsure: list[AuditEvent] = []
    sure: list[AuditEvent] = []
    for event in events:
        (unsure if event.epoch and (event.recovered or not newest) else sure).append(event)
    for insertion, some in ((_INSERT.values, sure), (_insert_missing, unsure)):
        for part in in_batches(some, len(_COLUMNS)):
            connection.execute(insertion([_row(tenant_id, event) for event in part]))


def _insert_missing(rows: Sequence[Mapping[str, object]]) -> Insert:
    """Look into every partition for a row of the same write, which costs several times as much."""
    given = values(*(column(own.name, own.type) for own in AUDIT_EVENT.c), name="given")
    new = given.data([tuple(row[name] for name in _COLUMNS) for row in rows])
    old = AUDIT_EVENT.alias("old")
    same = (old.c[name] == new.c[name] for name in ("tenant_id", "attachment_id", "epoch", "seq"))
    there = select(1).where(*same).exists()
    wanted = select(*(cast(each, each.type) for each in new.c)).where(~there)
    return insert(AUDIT_EVENT).from_select(_COLUMNS, wanted).on_conflict_do_nothing()


def _row(tenant_id: int, event: AuditEvent) -> dict[str, object]:
    return {
        "tenant_id": tenant_id,
        "at": event.at,
        "kind": event.kind.value,
        "attachment_id": event.attachment_id,
        "account": event.account,
        "epoch": event.epoch,
        "seq": event.seq,
        "lock_id": event.lock_id,
        "version": event.version,
        "detail": event.detail,
        "recovered": event.recovered,
    }


_OWN: Final = AUDIT_EVENT.c
_ORDER: Final = (_OWN.at, func.coalesce(_OWN.attachment_id, ""), _OWN.epoch, _OWN.seq, _OWN.kind)
"""Unique within a site, and served by its index on the time."""


class PostgresAuditLog:
    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, tenant: Tenant, query: AuditQuery) -> Sequence[AuditEvent]:
        statement = (
            select(AUDIT_EVENT)
            .where(_OWN.tenant_id == tenant.id, *_wanted(query))
            .order_by(*(part.desc() for part in _ORDER))
            .limit(query.limit)
        )
        with self._database.single() as connection:
            return [_event(row) for row in connection.execute(statement)]


def _wanted(query: AuditQuery) -> Iterator[ColumnElement[bool]]:
    for own, value in ((_OWN.account, query.account), (_OWN.attachment_id, query.attachment_id)):
        if value is not None:
            yield own == value
    if query.kind is not None:
        yield _OWN.kind == query.kind.value
    if query.space_id is not None:
        seen = LOCK_WITNESS.c
        there = select(seen.attachment_id).where(seen.tenant_id == _OWN.tenant_id, seen.space_id == query.space_id)
        yield or_(_OWN.attachment_id.in_(there), _OWN.detail == query.space_settings)
    if query.since is not None:
        yield _OWN.at >= query.since
    if query.until is not None:
        yield _OWN.at < query.until
    if query.after is not None:
        last = query.after
        yield _OWN.at <= last.at  # lets Postgres leave out later partitions
        place = (last.at, last.attachment_id or "", last.epoch, last.seq, last.kind.value)
        yield tuple_(*_ORDER) < tuple_(*place)


def _event(row: Row[Any]) -> AuditEvent:
    return AuditEvent(
        at=row.at,
        kind=AuditKind(row.kind),
        attachment_id=row.attachment_id,
        account=row.account,
        epoch=row.epoch,
        seq=row.seq,
        lock_id=row.lock_id,
        version=row.version,
        detail=row.detail,
        recovered=row.recovered,
    )
