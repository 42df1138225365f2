"""Mail intents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, cast, column, select, update, values
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from lockpoint.domain.events import MailKind
from lockpoint.services.ports.notifications import MailIntent, StoredIntent
from lockpoint.services.ports.runtime import Clock
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import Keyring
from lockpoint.storage.notifications import mail_log
from lockpoint.storage.partitions import with_partitions
from lockpoint.storage.tables import EMAIL_INTENT

_ROW: Final = EMAIL_INTENT.c
_COLUMNS: Final = tuple(name for name in _ROW.keys() if name != "id")  # noqa: SIM118 - columns, not a dictionary
WITHOUT_PEOPLE: Final = {"recipient": None, "actor": None}
"""In a row that only says that somebody was told."""


def append(connection: Connection, tenant_id: int, intents: Sequence[MailIntent], at: datetime) -> list[int]:
    """Add the intents that are new; return their ids."""
    if not intents:
        return []
    rows = [_values(tenant_id, intent, at) for intent in intents]
    return list(connection.execute(_insert(rows)).scalars())


class PostgresIntents:
    def __init__(self, database: Database, keys: Keyring, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    def get(self, intent_id: int) -> StoredIntent | None:
        with self._database.single() as connection:
            statement = select(EMAIL_INTENT).where(_ROW.id == intent_id, _ROW.recipient.is_not(None))
            row = connection.execute(statement).one_or_none()
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


def _insert(rows: Sequence[Mapping[str, object]]) -> ReturningInsert[int]:
    """Leave out what a row without people says to have been told."""
    given = values(*(column(name, _ROW[name].type) for name in _COLUMNS), name="given")
    new = given.data([tuple(row[name] for name in _COLUMNS) for row in rows])
    old = EMAIL_INTENT.alias("old")
    same = (old.c[name] == new.c[name] for name in ("tenant_id", "kind", "event_key"))
    told = select(1).where(*same, old.c.recipient.is_(None)).exists()
    wanted = select(*(cast(each, each.type) for each in new.c)).where(~told)
    statement = insert(EMAIL_INTENT).from_select(_COLUMNS, wanted)
    return statement.on_conflict_do_nothing().returning(_ROW.id)


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
