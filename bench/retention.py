"""Dropping a day's partition beside deleting its rows: `python -m bench.retention --rows 10000000`.

A durable embedded Postgres holds the audit table and a plain twin with equal columns, indexes and an index on age, both
with the same rows over thirty days. The oldest day is removed, then all others: by the product's `drop_expired` from
one, by its batched deletion from the other.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from sqlalchemy import BigInteger, Column, Identity, MetaData, Table

from devstack.databases.guardian import Guardian
from devstack.databases.postgres import Postgres
from lockpoint.storage.engine import Database
from lockpoint.storage.migrate import migrate
from lockpoint.storage.partitions import drop_expired, ensure
from lockpoint.storage.retention.purge import BATCH, Retention
from lockpoint.storage.tables import AUDIT_EVENT

DAYS = 30
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
FILL = """
INSERT INTO {table} (tenant_id, at, kind, attachment_id, account, epoch, seq, lock_id, recovered)
SELECT n %% 50 + 1, %(first)s::timestamptz + n * %(step)s::interval, 'acquired', (131072 + n %% 100000)::text,
       '557058:' || md5((n %% 5000)::text), n %% 9 + 1, n %% 5 + 1, md5(n::text), false
FROM generate_series(%(from)s::bigint, %(to)s::bigint) n
"""


@dataclass(frozen=True)
class Cost:
    """Seconds, write-ahead log in MB, and MB left on disk."""

    rows: int
    seconds: float
    wal_mb: float
    left_mb: float


class Ground:
    """Both tables and their measurement."""

    def __init__(self, url: str, rows: int) -> None:
        """Connect to empty tables."""
        self.database = Database(url, size=2)
        self.rows = rows
        self.line = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        self.plain = Table(
            "audit_plain",
            MetaData(),
            Column("key", BigInteger, Identity(always=True), primary_key=True),
            *(column._copy() for column in AUDIT_EVENT.columns),  # noqa: SLF001 - the twin has the same columns
        )

    def fill(self) -> None:
        """Create partitions and twin; insert equal rows."""
        with self.database.transaction() as connection:
            ensure(connection, [(FIRST + timedelta(days=day)).date() for day in range(DAYS)])
            self.plain.create(connection)
        self.line.execute("CREATE UNIQUE INDEX ON audit_plain (tenant_id, attachment_id, epoch, seq, kind, at)")
        self.line.execute("CREATE INDEX ON audit_plain (tenant_id, at)")
        self.line.execute("CREATE INDEX ON audit_plain (at)")
        step = timedelta(days=DAYS) / self.rows
        portion = max(1, self.rows // 20)
        for start in range(0, self.rows, portion):
            end = min(start + portion, self.rows) - 1
            for table in ("audit_event", "audit_plain"):
                values = {"first": FIRST, "step": step, "from": start, "to": end}
                self.line.execute(FILL.format(table=table), values)
            print(f"filled {end + 1:,} of {self.rows:,}", file=sys.stderr, flush=True)
        self.line.execute("VACUUM ANALYZE audit_event, audit_plain")
        self.line.execute("CHECKPOINT")

    def drop(self, days: int) -> Cost:
        """Drop partitions of the first `days` days."""
        return self._measured("audit_event", lambda: drop_expired(self.database, FIRST + timedelta(days=days), 1))

    def delete(self, days: int) -> Cost:
        """Delete rows of the first `days` days in the product's batches, then vacuum."""
        retention = Retention(self.database, _NoClock(), DAYS)
        old = self.plain.c.at < FIRST + timedelta(days=days)

        def remove() -> None:
            retention._delete(self.plain, old)  # noqa: SLF001 - what is measured
            self.line.execute("VACUUM audit_plain")

        return self._measured("audit_plain", remove)

    def _measured(self, table: str, work: Callable[[], object]) -> Cost:
        rows, log, begin = self._count(table), self._log_position(), time.perf_counter()
        work()
        seconds = time.perf_counter() - begin
        return Cost(rows - self._count(table), seconds, (self._log_position() - log) / 1e6, self._size(table) / 1e6)

    def _one(self, query: str) -> int:
        row = self.line.execute(query).fetchone()
        return int(row[0]) if row else 0

    def _count(self, table: str) -> int:
        return self._one(f"SELECT count(*) FROM {table}")  # noqa: S608 - names from above

    def _log_position(self) -> int:
        return self._one("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")

    def _size(self, table: str) -> int:
        return self._one(
            f"SELECT coalesce(sum(pg_total_relation_size(relid)), 0) FROM pg_partition_tree('{table}')"  # noqa: S608 - as above
        ) + self._one(f"SELECT pg_total_relation_size('{table}')")


class _NoClock:
    def now(self) -> datetime:
        raise NotImplementedError

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def main() -> None:
    """Fill, remove and print figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lockpoint-bench-") as folder:
        figures = _run(Path(folder), arguments.rows)
    print(f"{arguments.rows:,} rows over {DAYS} days, batches of {BATCH:,}")
    for what, (dropped, deleted) in figures.items():
        print(f"{what}: {dropped.rows:,} rows")
        for way, cost in (("drop partitions", dropped), ("delete rows, vacuum", deleted)):
            print(
                f"  {way:<20} {cost.seconds:9.3f} s  {cost.wal_mb:9.1f} MB of log  {cost.left_mb:9.1f} MB left on disk"
            )
        print(f"  ratio                {deleted.seconds / dropped.seconds:9,.0f} : 1")
    if arguments.json:
        arguments.json.write_text(
            json.dumps({what: [asdict(cost) for cost in costs] for what, costs in figures.items()}, indent=2)
        )


def _run(folder: Path, rows: int) -> dict[str, tuple[Cost, Cost]]:
    guardian = Guardian()
    postgres = Postgres(folder / "postgres", guardian)
    try:
        postgres.start()
        postgres.ensure_database("bench")
        url = postgres.url("bench").replace("postgresql://", "postgresql+psycopg://")
        migrate(url)
        ground = Ground(url, rows)
        ground.fill()
        return {
            "the oldest day": (ground.drop(1), ground.delete(1)),
            "the other days": (ground.drop(DAYS), ground.delete(DAYS)),
        }
    finally:
        postgres.stop()
        guardian.close()


if __name__ == "__main__":
    main()
