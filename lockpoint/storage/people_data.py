"""Everything in Postgres and Redis that names a person: to hand it out, and to take the name away."""

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
    func,
    literal,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.people_ports import Row
from lockpoint.storage.engine import Database
from lockpoint.storage.own_rows import own_part
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


class PeopleData:
    """Implements `people_ports.PeopleData`; StorageUnavailable."""

    def __init__(self, database: Database, cache: redis.Redis) -> None:
        self._database = database
        self._cache = cache

    def export(self, tenant: Tenant, account: str) -> Mapping[str, Sequence[Row]]:
        """Give by table what is stored about the account, each row without what belongs to others."""
        with self._database.transaction() as connection:
            return {
                table.name: [
                    own_part(table.name, {name: _plain(value) for name, value in row.items()}, account)
                    for row in connection.execute(_rows_of(table, tenant, account)).mappings()
                ]
                for table in TABLES
            }

    def erase(self, tenant: Tenant, account: str, pseudonym: str, *, keep_holds: bool) -> int:
        """Take the account out of every row, in one transaction; how many rows it was.

        What only serves the person goes; what others rely on keeps the pseudonym. Rows of the erasure itself stay.
        """
        _forget_in_cache(self._cache, account)
        with self._database.transaction() as connection:
            gone = sum(
                connection.execute(delete(table).where(_names(table, tenant, account))).rowcount
                for table in (REQUEST_OUTCOME, ACCOUNT_PROFILE, ACCOUNT_REPORT)
            )
            # A job that runs right now leaves the queue by itself.
            waiting = delete(QUEUE).where(_names(QUEUE, tenant, account), QUEUE.c.status != "doing")
            gone += connection.execute(waiting).rowcount
            return gone + _rename(connection, tenant, account, pseudonym, keep_holds=keep_holds)

    def listed(self, tenant: Tenant, account: str, *, after: str | None, limit: int) -> Sequence[str]:
        """Give ids, behind `after`, of all held files and of those whose known record names the account."""
        row = LOCK_WITNESS.c
        could = row.holder.is_not(None) | _says(LOCK_WITNESS, account)
        statement = (
            select(row.attachment_id)
            .where(row.tenant_id == tenant.id, row.attachment_id > (after or ""), could)
            .order_by(row.attachment_id)
            .limit(limit)
        )
        with self._database.single() as connection:
            return list(connection.execute(statement).scalars())

    def tenants_naming(self, account: str) -> Sequence[int]:
        """Give the sites, gone ones included, for which any row names the account."""
        found = union(*(select(_tenant_of(table)).where(_says(table, account)) for table in TABLES))
        with self._database.single() as connection:
            return sorted(connection.execute(found).scalars())


def _rename(connection: Connection, tenant: Tenant, account: str, pseudonym: str, *, keep_holds: bool) -> int:
    intents, audit, restorations = EMAIL_INTENT.c, AUDIT_EVENT.c, RESTORATION.c
    mine = (EMAIL_INTENT.c.tenant_id == tenant.id, intents.recipient == account)
    statements = (
        delete(EMAIL_INTENT).where(*mine),
        update(EMAIL_INTENT).where(intents.tenant_id == tenant.id, intents.actor == account).values(actor=None),
        update(AUDIT_EVENT).where(audit.tenant_id == tenant.id, audit.account == account).values(account=pseudonym),
        update(RESTORATION)
        .where(_names(RESTORATION, tenant, account))
        .values(offenders=func.array_replace(restorations.offenders, account, pseudonym)),
    )
    gone = sum(connection.execute(statement).rowcount for statement in statements)
    return gone + _rename_in_witness(connection, tenant, account, pseudonym, keep_holds=keep_holds)


def _rename_in_witness(
    connection: Connection, tenant: Tenant, account: str, pseudonym: str, *, keep_holds: bool
) -> int:
    """A hold that could not be ended is forgotten; in all other rows the pseudonym takes the account's place."""
    row, gone = LOCK_WITNESS.c, 0
    named = _names(LOCK_WITNESS, tenant, account)
    if not keep_holds:
        gone = connection.execute(delete(LOCK_WITNESS).where(named, row.holder == account)).rowcount
    # As a JSON text the account stands between quotation marks, so that no longer text is ever touched.
    quoted = (cast(func.to_jsonb(cast(literal(name), Text)), Text) for name in (account, pseudonym))
    renamed = cast(func.replace(cast(row.record, Text), *quoted), JSONB)
    others = row.holder.is_(None) | (row.holder != account)
    return gone + connection.execute(update(LOCK_WITNESS).where(named, others).values(record=renamed)).rowcount


def _rows_of(table: Table, tenant: Tenant, account: str) -> Select[Any]:
    return select(table).where(_names(table, tenant, account)).order_by(*(table.primary_key.columns or [table.c.at]))


def _names(table: Table, tenant: Tenant, account: str) -> ColumnElement[bool]:
    return (_tenant_of(table) == tenant.id) & _says(table, account)


def _tenant_of(table: Table) -> ColumnElement[Any]:
    return QUEUE.c.args["tenant_id"].as_integer() if table is QUEUE else table.c.tenant_id


def _says(table: Table, account: str) -> ColumnElement[bool]:
    """Whether a row of the table names the account anywhere."""
    if table is LOCK_WITNESS:
        anywhere = [
            LOCK_WITNESS.c.record[path].astext == account
            for path in (("holder",), ("base", "author"), ("ended", "by"), ("ended", "holder"))
        ]
        return or_(LOCK_WITNESS.c.holder == account, *anywhere)
    if table is EMAIL_INTENT:
        return or_(EMAIL_INTENT.c.recipient == account, EMAIL_INTENT.c.actor == account)
    if table is RESTORATION:
        return literal(account) == any_(RESTORATION.c.offenders)
    if table is QUEUE:
        # A subject is one id, or two with a colon between; an account id may itself have colons.
        subject = QUEUE.c.args["subject"].astext
        return or_(subject == account, subject.endswith(f":{account}", autoescape=True))
    return cast(table.c.account, Text) == account


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _forget_in_cache(client: redis.Redis, account: str) -> None:
    """No key of ours names a person; should one ever do, it goes here. StorageUnavailable when Redis is away."""
    try:
        found = [key for key in client.scan_iter(match="lockpoint:*") if account.encode() in key]
        if found:
            client.delete(*found)
    except RedisError:
        raise StorageUnavailable("Redis does not answer") from None
