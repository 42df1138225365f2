"""Rows and Redis keys that name a person: to export them, and to remove the name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import redis
from redis.exceptions import RedisError
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    any_,
    cast,
    delete,
    false,
    func,
    literal,
    or_,
    select,
    text,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from lockpoint.domain.events import ABOUT_LIVE_LOCKS
from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.privacy import Row
from lockpoint.storage.notifications.mail_intents import WITHOUT_PEOPLE
from lockpoint.storage.privacy.person_view import own_part
from lockpoint.storage.tables import (
    ACCOUNT_PROFILE,
    ACCOUNT_REPORT,
    AUDIT_EVENT,
    EMAIL_INTENT,
    ERASURE,
    LOCK_WITNESS,
    QUEUE,
    REQUEST_OUTCOME,
    RESTORATION,
)

TABLES: Final[tuple[Table, ...]] = (
    AUDIT_EVENT,
    LOCK_WITNESS,
    EMAIL_INTENT,
    REQUEST_OUTCOME,
    RESTORATION,
    ACCOUNT_PROFILE,
    ACCOUNT_REPORT,
    ERASURE,
    QUEUE,
)
"""Every table with a column that can name a person."""

_AUTHOR: Final = ("base", "author")


def export(connection: Connection, tenant: Tenant, account: str) -> Mapping[str, Sequence[Row]]:
    return {
        table.name: [
            own_part(table.name, {name: _plain(value) for name, value in row.items()}, account)
            for row in connection.execute(_rows_of(table, tenant, account)).mappings()
        ]
        for table in TABLES
    }


def erase(connection: Connection, tenant: Tenant, account: str, pseudonym: str, *, keep_files: bool) -> bool:
    """What serves only the person is deleted; what others rely on gets the pseudonym. Rows of the erasure itself stay.

    Jobs go first, so that whatever they wrote is deleted too; False while one that names the account runs.
    """
    quiet = _stop_jobs(connection, tenant, account)
    for table in (REQUEST_OUTCOME, ACCOUNT_PROFILE, ACCOUNT_REPORT):
        connection.execute(delete(table).where(_names(table, tenant, account)))
    _rename(connection, tenant, account, pseudonym)
    if not keep_files:
        _rename_in_witness(connection, tenant, account, pseudonym)
    return quiet


def erase_in_cache(client: redis.Redis, account: str) -> None:
    """Delete keys that name the account: none should. `StorageUnavailable` without Redis."""
    try:
        found = [key for key in client.scan_iter(match="lockpoint:*") if account.encode() in key]
        if found:
            client.delete(*found)
    except RedisError:
        raise StorageUnavailable("Redis does not answer") from None


def files_of(
    connection: Connection, tenant: Tenant, account: str, *, after: str | None, limit: int, own: bool | None
) -> Sequence[str]:
    row = LOCK_WITNESS.c
    named, held = func.coalesce(_says(LOCK_WITNESS, account), false()), row.holder.is_not(None)
    could = {None: named | held, True: named, False: held & ~named}[own]
    statement = (
        select(row.attachment_id)
        .where(row.tenant_id == tenant.id, row.attachment_id > (after or ""), could)
        .order_by(row.attachment_id)
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def tenants_naming(connection: Connection, account: str) -> Sequence[int]:
    found = union(*(select(_tenant_of(table)).where(_says(table, account)) for table in TABLES))
    return sorted(connection.execute(found).scalars())


def _stop_jobs(connection: Connection, tenant: Tenant, account: str) -> bool:
    """Delete the jobs that name the account, parked ones too; False while one runs.

    A running one is not deleted: it may end, be retried under a new number, or be left by a dead worker.
    """
    named = _names(QUEUE, tenant, account)
    connection.execute(delete(QUEUE).where(named, QUEUE.c.status != "doing"))
    return connection.execute(select(QUEUE.c.id).where(named).limit(1)).first() is None


def _rename(connection: Connection, tenant: Tenant, account: str, pseudonym: str) -> None:
    intents, audit, restorations = EMAIL_INTENT.c, AUDIT_EVENT.c, RESTORATION.c
    mine = (EMAIL_INTENT.c.tenant_id == tenant.id, intents.recipient == account)
    statements = (
        # While a lock goes on, what happened under it is found again, and would be told again.
        update(EMAIL_INTENT).where(*mine, intents.kind.in_(ABOUT_LIVE_LOCKS)).values({**WITHOUT_PEOPLE, "done": True}),
        delete(EMAIL_INTENT).where(*mine),
        update(EMAIL_INTENT).where(intents.tenant_id == tenant.id, intents.actor == account).values(actor=None),
        # A version's number leads to its author in Confluence's history.
        update(AUDIT_EVENT)
        .where(audit.tenant_id == tenant.id, audit.account == account)
        .values(account=pseudonym, version=None),
        update(RESTORATION)
        .where(_names(RESTORATION, tenant, account))
        .values(offenders=func.array_replace(restorations.offenders, account, pseudonym)),
    )
    for statement in statements:
        connection.execute(statement)


def _rename_in_witness(connection: Connection, tenant: Tenant, account: str, pseudonym: str) -> None:
    """Replace the account by the pseudonym, an author by null; a lock of the account stays."""
    row = LOCK_WITNESS.c
    others = _names(LOCK_WITNESS, tenant, account) & (row.holder.is_(None) | (row.holder != account))
    author = func.jsonb_set(row.record, text("'{base,author}'"), text("'null'"))
    connection.execute(update(LOCK_WITNESS).where(others, row.record[_AUTHOR].astext == account).values(record=author))
    # JSON puts the account in quotation marks: no longer text is changed.
    quoted = (cast(func.to_jsonb(cast(literal(name), Text)), Text) for name in (account, pseudonym))
    renamed = cast(func.replace(cast(row.record, Text), *quoted), JSONB)
    connection.execute(update(LOCK_WITNESS).where(others).values(record=renamed))


def _rows_of(table: Table, tenant: Tenant, account: str) -> Select[Any]:
    return select(table).where(_names(table, tenant, account)).order_by(*(table.primary_key.columns or [table.c.at]))


def _names(table: Table, tenant: Tenant, account: str) -> ColumnElement[bool]:
    return (_tenant_of(table) == tenant.id) & _says(table, account)


def _tenant_of(table: Table) -> ColumnElement[Any]:
    return QUEUE.c.args["tenant_id"].as_integer() if table is QUEUE else table.c.tenant_id


def _says(table: Table, account: str) -> ColumnElement[bool]:
    if table is LOCK_WITNESS:
        anywhere = [
            LOCK_WITNESS.c.record[path].astext == account
            for path in (("holder",), _AUTHOR, ("ended", "by"), ("ended", "holder"))
        ]
        return or_(LOCK_WITNESS.c.holder == account, *anywhere)
    if table is EMAIL_INTENT:
        return or_(EMAIL_INTENT.c.recipient == account, EMAIL_INTENT.c.actor == account)
    if table is RESTORATION:
        return literal(account) == any_(RESTORATION.c.offenders)
    if table is QUEUE:
        # The account is the whole subject, or the second word of a `JobSubject`.
        subject = QUEUE.c.args["subject"].astext
        return or_(subject == account, subject.endswith(f":{account}", autoescape=True))
    return cast(table.c.account, Text) == account


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
