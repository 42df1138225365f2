"""Mail intents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from lockpoint.domain.events import MailKind
from lockpoint.services.ports.notifications import MailIntent, StoredIntent
from lockpoint.services.ports.runtime import Clock
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import Keyring
from lockpoint.storage.notifications import mail_log
from lockpoint.storage.partitions import with_partitions
from lockpoint.storage.tables import EMAIL_INTENT

_ROW: Final = EMAIL_INTENT.c
_INSERT: Final = insert(EMAIL_INTENT).on_conflict_do_nothing().returning(_ROW.id)


def append(connection: Connection, tenant_id: int, intents: Sequence[MailIntent], at: datetime) -> list[int]:
    """Return the ids of new intents."""
    if not intents:
        return []
    rows = [_values(tenant_id, intent, at) for intent in intents]
    return list(connection.execute(_INSERT.values(rows)).scalars())


class PostgresIntents:
    def __init__(self, database: Database, keys: Keyring, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    def get(self, intent_id: int) -> StoredIntent | None:
        with self._database.single() as connection:
            row = connection.execute(select(EMAIL_INTENT).where(_ROW.id == intent_id)).one_or_none()
        return None if row is None else _stored(row)

    def finish(self, stored: StoredIntent, *, result: str, address: str | None) -> None:
        now = self._clock.now()
        hashed = None if address is None else self._keys.hash_address(address)

        def work(connection: Connection) -> None:
            connection.execute(
                update(EMAIL_INTENT).where(_ROW.id == stored.id, _ROW.tenant_id == stored.tenant_id).values(done=True)
            )
            mail_log.append(
                connection, stored.tenant_id, at=now, kind=stored.intent.kind, result=result, address=hashed
            )

        with_partitions(self._database, [now], work)


def _values(tenant_id: int, intent: MailIntent, at: datetime) -> dict[str, object]:
    return {
        "tenant_id": tenant_id,
        "kind": intent.kind.value,
        "event_key": intent.event_key,
        "recipient": intent.recipient,
        "attachment_id": intent.attachment_id,
        "actor": intent.actor,
        "lock_id": intent.lock_id,
        "version": intent.version,
        "detail": intent.detail,
        "done": False,
        "created_at": at,
    }


def _stored(row: Row[Any]) -> StoredIntent:
    intent = MailIntent(
        kind=MailKind(row.kind),
        recipient=row.recipient,
        attachment_id=row.attachment_id,
        event_key=row.event_key,
        actor=row.actor,
        lock_id=row.lock_id,
        version=row.version,
        detail=row.detail,
    )
    return StoredIntent(id=row.id, tenant_id=row.tenant_id, intent=intent, done=row.done)
