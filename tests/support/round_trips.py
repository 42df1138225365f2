"""Counts what is asked of Postgres, on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lockpoint.storage.engine import Database


@contextmanager
def round_trips(database: Database, folder: Path) -> Iterator[list[str]]:
    """Yield a list that has a line for each round trip of the pool's one connection, at the end of the block."""
    with database.driver() as driver:
        connection = driver.pgconn
    trips: list[str] = []
    with (folder / "trace").open("w+") as trace:
        connection.trace(trace.fileno())
        yield trips
        connection.untrace()
        trace.seek(0)
        trips += [line for line in trace if line.split("\t")[1:2] == ["F"] and ("Sync" in line or "Query" in line)]
