"""The audit log, written only in the transaction of its cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from lockpoint.services.ports.locks import AuditEvent
from lockpoint.storage.tables import AUDIT_EVENT

_INSERT: Final = insert(AUDIT_EVENT).on_conflict_do_nothing()


def append(connection: Connection, tenant_id: int, events: Sequence[AuditEvent]) -> None:
    """Repeatable; `IntegrityError` when a day has no partition."""
    if events:
        connection.execute(_INSERT.values([_row(tenant_id, event) for event in events]))


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
