"""The audit log, written only in the transaction of its cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, cast, column, select, values
from sqlalchemy.dialects.postgresql import Insert, insert

from lockpoint.services.ports.locks import AuditEvent
from lockpoint.storage.engine import in_batches
from lockpoint.storage.tables import AUDIT_EVENT

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
