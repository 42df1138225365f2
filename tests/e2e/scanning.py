"""Looking for words that must not be anywhere: in every table, every Redis key and every log line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import psycopg
import redis
from psycopg import sql


def places_in_postgres(url: str) -> Iterator[tuple[str, str]]:
    """Every row of every table as text, with the table's name."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables"
            " where table_schema = 'public' and table_type = 'BASE TABLE'"
        ).fetchall()
        for (table,) in tables:
            rows = connection.execute(sql.SQL("select t::text from {} t").format(sql.Identifier(table)))
            for (row,) in rows:
                yield f"table {table}", row


def places_in_redis(url: str) -> Iterator[tuple[str, str]]:
    """Every key and its value."""
    client = redis.Redis.from_url(url)
    for key in client.scan_iter():
        yield "redis key", key.decode(errors="replace")
        yield "redis value", repr(client.dump(key))


def places_in_logs(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What the app's processes printed (not the local Confluence or the mail catcher, whose business names are)."""
    for line in list(lines):
        process = line.split(" ", 1)[0]
        if process in {"web", "worker", "clock"}:
            yield f"log of {process}", line


def found(words: Iterable[str], places: Iterable[tuple[str, str]]) -> list[str]:
    """Where any of the words stands; upper and lower case are the same."""
    wanted = [word.casefold() for word in words]
    return [f"{place}: {text[:160]}" for place, text in places if any(word in text.casefold() for word in wanted)]
