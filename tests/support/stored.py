"""Compares what is stored with the inventory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
import redis
from psycopg import sql
from psycopg.rows import dict_row

from lockpoint.storage.classification import Field, Kind
from lockpoint.storage.data_inventory import REDIS, TABLES
from lockpoint.storage.engine import libpq_url


def unexplained(url: str, cache: str) -> list[str]:
    """Return the names of places that the inventory does not have, without values."""
    return sorted({*_in_postgres(url), *_in_redis(cache)})


def paths(value: Any, below: str = "") -> Iterator[str]:
    """Yield the dotted path of every member of a JSON value, also through lists."""
    for name, inner in value.items():
        objects = [one for one in (inner if isinstance(inner, list) else [inner]) if isinstance(one, dict)]
        if not objects:
            yield f"{below}{name}"
        for one in objects:
            yield from paths(one, f"{below}{name}.")


def classified(fields: Iterable[Field], below: str = "") -> Iterator[str]:
    """Yield the inventory's paths; an object that may be missing has its own, too."""
    for field in fields:
        yield f"{below}{field.name}"
        yield from classified(field.members, f"{below}{field.name}.")


def _in_postgres(url: str) -> Iterator[str]:
    with psycopg.connect(libpq_url(url), row_factory=dict_row) as connection:
        for kind in TABLES:
            known = set(classified(kind.fields))
            for row in connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(kind.name))):
                stored = {name: _as_json(value) for name, value in row.items()}
                yield from (f"{kind.name}.{path}" for path in paths(stored) if path not in known)


def _as_json(value: Any) -> Any:
    """Parse JSON in a text column."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _in_redis(cache: str) -> Iterator[str]:
    with redis.Redis.from_url(cache, decode_responses=True) as client:
        for key in client.scan_iter():
            kind = next((kind for kind in REDIS if re.fullmatch(kind.name, key, re.ASCII)), None)
            if kind is None:
                yield f"redis key {key}"
            elif not all(re.fullmatch(kind.value, value, re.ASCII) for value in _values(client, key)):
                yield f"value of redis key {key}"
            elif client.ttl(key) == -1:
                yield f"redis key without an end: {key}"


def _values(client: Any, key: str) -> list[str]:
    """Return the names in a hash, or the one value; none for a key that has just expired."""
    if client.type(key) == "hash":
        counts = client.hgetall(key)
        return [*counts, *(f"not a number behind {name}" for name, count in counts.items() if not count.isdecimal())]
    value = client.get(key)
    return [] if value is None else [value]


def leaves_of(kinds: Iterable[Kind]) -> list[Field]:
    """Return every column and member without members."""
    return [field for kind in kinds for field in kind.leaves]
