"""Everything in Postgres, Redis and backups, for the canary scan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import psycopg
import redis
from psycopg import sql
from sqlalchemy import text

from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.privacy import Piece
from lockpoint.storage.backup import file_format
from lockpoint.storage.engine import Database, libpq_url
from lockpoint.storage.keyring import Keyring

ROWS_AT_ONCE: Final = 2000
_RELATIONS: Final = """
SELECT n.nspname, c.relname, array_agg(a.attname ORDER BY a.attnum),
  array_agg(a.attname) FILTER (WHERE atttypid = 'bytea'::regtype)
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE relkind IN ('r', 'm') AND attnum > 0 AND NOT attisdropped
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'
GROUP BY 1, 2 ORDER BY 1, 2
"""

_STATISTICS: Final = """
SELECT format('%s.%s.%s', schemaname, tablename, attname), most_common_vals::text, histogram_bounds::text,
  most_common_elems::text
FROM pg_stats WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""
"""Values that Postgres keeps for its planner, also of rows that are gone."""

_ACCOUNTS: Final = text(
    "SELECT account FROM audit_event WHERE tenant_id = :tenant AND account IS NOT NULL"
    " UNION SELECT account FROM account_profile WHERE tenant_id = :tenant"
    " UNION SELECT recipient FROM email_intent WHERE tenant_id = :tenant AND recipient IS NOT NULL"
    " UNION SELECT holder FROM lock_witness WHERE tenant_id = :tenant AND holder IS NOT NULL"
)


def in_postgres(url: str) -> Iterator[Piece]:
    """Yield every row of every table, partitions and queue included, and the names of all tables and columns.

    A piece without texts says that a table, which may be empty, is looked at.
    Each table has its own transaction, so that a long search does not keep others from dropping a table; no time limit.
    `StorageUnavailable`.
    """
    try:
        with psycopg.connect(libpq_url(url), autocommit=True, application_name="lockpoint scan") as connection:
            connection.execute("SET statement_timeout = 0")
            connection.execute("SET default_transaction_read_only = on")
            for schema, table, columns, binary in connection.execute(_RELATIONS).fetchall():
                yield Piece("names of tables and columns", (("name", f"{schema}.{table} {' '.join(columns)}"),))
                yield from _rows(connection, schema, table, columns, binary or ())
            for column, *kept in connection.execute(_STATISTICS).fetchall():
                yield Piece("statistics of the database", tuple((column, text) for text in kept if text is not None))
    except psycopg.OperationalError as error:
        raise StorageUnavailable(type(error).__name__) from None


def in_redis(client: redis.Redis) -> Iterator[Piece]:
    """Every key with its value, of any type. `StorageUnavailable`."""
    try:
        yield Piece("redis", ())
        for key in client.scan_iter(count=ROWS_AT_ONCE):
            yield Piece("redis", (("key", key), *(("value", part) for part in _parts(_value(client, key)))))
    except redis.RedisError as error:
        raise StorageUnavailable(type(error).__name__) from None


def in_backup(place: str, data: bytes, keys: Keyring) -> Iterator[Piece]:
    """Its header and rows; `OperatorRefusal`."""
    _, content = file_format.unpack(data, keys)
    yield Piece(place, (("header", data.partition(b"\n")[0].decode(errors="replace")),))
    for table, rows in content.items():
        for row in rows:
            yield Piece(place, tuple((f"{table}.{name}", str(value)) for name, value in row.items()))


def _rows(
    connection: psycopg.Connection, schema: str, table: str, columns: list[str], binary: Collection[str]
) -> Iterator[Piece]:
    """Binary columns as bytes and all others as text; nothing when the table was dropped."""
    place = f"queue {table}" if table.startswith("procrastinate_") else f"table {table}"
    listed = sql.SQL(", ").join(
        sql.SQL("{}" if column in binary else "{}::text").format(sql.Identifier(column)) for column in columns
    )
    with suppress(psycopg.errors.UndefinedTable), connection.transaction(), connection.cursor(name="scan") as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(sql.SQL("SELECT {} FROM {}").format(listed, sql.Identifier(schema, table)))
        yield Piece(place, ())
        for row in cursor:
            texts = ((column, value) for column, value in zip(columns, row, strict=True) if value is not None)
            yield Piece(place, tuple((f"column {column}", value) for column, value in texts))


def _value(client: redis.Redis, key: bytes) -> Any:
    reader = _READERS.get(client.type(key), _dump)
    return reader(client, key)


def _dump(client: redis.Redis, key: bytes) -> Any:
    return client.execute_command("DUMP", key)  # type: ignore[no-untyped-call]


_READERS: Final[Mapping[bytes | str, Callable[[redis.Redis, bytes], Any]]] = {
    b"string": lambda client, key: client.get(key),
    b"hash": lambda client, key: client.hgetall(key),
    b"list": lambda client, key: client.lrange(key, 0, -1),
    b"set": lambda client, key: client.smembers(key),
    b"zset": lambda client, key: client.zrange(key, 0, -1),
    b"stream": lambda client, key: client.xrange(key),
}


def _parts(value: Any) -> Iterator[bytes]:
    """Yield every name and value in an answer; a deleted key has none."""
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, Mapping):
        yield from _parts([*value, *value.values()])
    elif isinstance(value, Iterable):
        for one in value:
            yield from _parts(one)


def accounts_named(database: Database, tenant: Tenant) -> Sequence[str]:
    with database.single() as connection:
        return list(connection.execute(_ACCOUNTS, {"tenant": tenant.id}).scalars())
