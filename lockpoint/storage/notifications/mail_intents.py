"""Mail intents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, cast, column, func, or_, select, update, values
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from lockpoint.domain.events import MailKind
from lockpoint.domain.mails.mail_budget import AT_ONCE, HOUR, SAME_BURST, takes_last_place, wait_until
from lockpoint.services.context import Tenant
from lockpoint.services.ports.notifications import (
    COMMENT_BEGUN,
    COMMENTED,
    TEST_MAIL,
    MailIntent,
    NotBefore,
    StoredIntent,
)
from lockpoint.services.ports.runtime import Clock
from lockpoint.storage.advisory_locks import Purpose, hold_names_in_transaction
from lockpoint.storage.engine import Database, in_batches
from lockpoint.storage.keyring import Keyring
from lockpoint.storage.notifications import mail_log
from lockpoint.storage.partitions import with_partitions
from lockpoint.storage.tables import EMAIL_INTENT

_ROW: Final = EMAIL_INTENT.c
_LATER: Final = frozenset({"id", "told_by", "told_at", "outcome"})
_COLUMNS: Final = tuple(name for name in _ROW.keys() if name not in _LATER)  # noqa: SIM118 - columns, not a dictionary
WITHOUT_PEOPLE: Final = {"recipient": None, "actor": None}
"""In a row that only says that somebody was told."""


def append(connection: Connection, tenant_id: int, intents: Sequence[MailIntent], at: datetime) -> list[int]:
    """Return the ids of new intents."""
    rows = [_values(tenant_id, intent, at) for intent in intents]
    parts = in_batches(rows, len(_COLUMNS))
    return [new for some in parts for new in connection.execute(_insert(some)).scalars()]


class PostgresIntents:
    def __init__(self, database: Database, keys: Keyring, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    def get(self, intent_id: int) -> StoredIntent | None:
        with self._database.single() as connection:
            statement = select(EMAIL_INTENT).where(_ROW.id == intent_id, _ROW.recipient.is_not(None))
            row = connection.execute(statement).one_or_none()
        return None if row is None else read_row(row)

    def claim(self, stored: StoredIntent) -> Sequence[StoredIntent] | NotBefore:
        now = self._clock.now()
        with self._database.transaction() as connection:
            # One mail to a person is decided on at a time, so that two workers never both write the first.
            hold_names_in_transaction(connection, Purpose.MAILS, [f"{stored.tenant_id}/{stored.intent.recipient}"])
            row = connection.execute(select(EMAIL_INTENT).where(_ROW.id == stored.id, ~_ROW.done)).one_or_none()
            if row is None or row.told_by not in {None, stored.id}:
                return ()
            if row.told_by is None or row.told_at <= now - HOUR:
                wait = _take_turn(connection, stored, now)
                if wait is not None:
                    return wait
            told = select(EMAIL_INTENT).where(*_of_person(stored), _ROW.told_by == stored.id).order_by(_ROW.id)
            return [read_row(row) for row in connection.execute(told)]

    def let_go(self, events: Sequence[StoredIntent]) -> None:
        ids = [event.id for event in events]
        with self._database.transaction() as connection:
            free = update(EMAIL_INTENT).where(_ROW.id == func.any(ids), ~_ROW.done)
            connection.execute(free.values(told_by=None, told_at=None))

    def finish(self, stored: StoredIntent, *, result: str, address: str | None) -> None:
        now = self._clock.now()
        hashed = None if address is None else self._keys.hash_address(address)

        def work(connection: Connection) -> None:
            mine = or_(_ROW.id == stored.id, _ROW.told_by == stored.id)
            told_by = _ROW.told_by if address is not None or result == COMMENTED else None
            values = {"done": True, "told_by": told_by, "outcome": result}
            connection.execute(update(EMAIL_INTENT).where(*_of_person(stored), mine).values(values))
            mail_log.append(
                connection, stored.tenant_id, at=now, kind=stored.intent.kind, result=result, address=hashed
            )

        with_partitions(self._database, [now], work)

    def begin_comment(self, stored: StoredIntent) -> bool:
        with self._database.transaction() as connection:
            its = (*_of_person(stored), _ROW.id == stored.id)
            before = connection.execute(select(_ROW.outcome).where(*its).with_for_update()).scalar_one_or_none()
            connection.execute(update(EMAIL_INTENT).where(*its).values(outcome=COMMENT_BEGUN))
        return before == COMMENT_BEGUN

    def note_test(self, tenant: Tenant, *, result: str, address: str) -> None:
        now, hashed = self._clock.now(), self._keys.hash_address(address)

        def work(connection: Connection) -> None:
            mail_log.append(connection, tenant.id, at=now, kind=TEST_MAIL, result=result, address=hashed)

        with_partitions(self._database, [now], work)


def _take_turn(connection: Connection, stored: StoredIntent, now: datetime) -> NotBefore | None:
    """Have the mail of this intent tell what waits on its topic, or everything that waits."""
    kind, waits = stored.intent.kind, (*_of_person(stored), ~_ROW.done, _ROW.told_by.is_(None))
    # An hour after it began, a mail that did not leave begins anew.
    again = update(EMAIL_INTENT).where(*_of_person(stored), _ROW.told_by == stored.id)
    connection.execute(again.values(told_by=None, told_at=None))
    mine = _of_person(stored)
    mails = select(_ROW.told_at).where(
        *mine, _ROW.told_at > now - HOUR, _ROW.told_by == _ROW.id, _ROW.kind.not_in(AT_ONCE)
    )
    told = connection.execute(mails).scalars().all()
    topic = select(_ROW.told_at).where(*mine, _ROW.told_at > now - SAME_BURST, *_on_topic(stored)).distinct()
    until = wait_until(kind, connection.execute(topic).scalars().all(), told, now)
    if until is not None:
        first = connection.execute(select(func.min(_ROW.id)).where(*waits, *_on_topic(stored))).scalar_one()
        return NotBefore(first, until)
    which = (_ROW.kind.not_in(AT_ONCE),) if takes_last_place(kind, told, now) else _on_topic(stored)
    connection.execute(update(EMAIL_INTENT).where(*waits, *which).values(told_by=stored.id, told_at=now))
    return None


def _of_person(stored: StoredIntent) -> tuple[ColumnElement[bool], ...]:
    return _ROW.tenant_id == stored.tenant_id, _ROW.recipient == stored.intent.recipient


def _on_topic(stored: StoredIntent) -> tuple[ColumnElement[bool], ...]:
    topic = stored.intent.topic
    if topic is None:
        return (_ROW.id == stored.id,)
    same_lock = _ROW.lock_id.is_not_distinct_from(topic.lock_id)
    return _ROW.kind == topic.kind, same_lock, _ROW.actor.is_not_distinct_from(topic.actor)


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


def read_row(row: Row[Any]) -> StoredIntent:
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
    return StoredIntent(id=row.id, tenant_id=row.tenant_id, intent=intent, created_at=row.created_at, done=row.done)
