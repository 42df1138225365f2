"""One partition for each UTC day: created ahead or when a row finds none, dropped whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from lockpoint.storage.advisory_locks import Purpose, hold_in_transaction
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import PARTITIONED, WITHOUT_STATISTICS

DAYS_AHEAD: Final = 7
LONGEST_KEPT: Final = 30
"""Days; fewer by setting."""
Result = TypeVar("Result")
_CHECK_VIOLATION: Final = "23514"
_DAY: Final = timedelta(days=1)
_OUR_NAME: Final = re.compile(r"(?P<parent>[a-z_]+)_(?P<day>\d{8})", re.ASCII)
_SHORT_WAIT: Final = text("SET LOCAL lock_timeout = '1s'")

_EXISTING: Final = text(
    "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
    " WHERE inhparent = to_regclass(:parent)"
)
_PLACES: Final = text(
    "SELECT inhrelid AS oid, inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = to_regclass(:parent)"
)
_OLD_ROWS: Final = {
    parent: text(f"SELECT count(*) FROM {parent} WHERE tableoid = :place AND at < :first")  # noqa: S608 - ours
    for parent in PARTITIONED
}


def ensure(connection: Connection, days: Iterable[date]) -> int:
    """Return how many were missing.

    Two processes wait for each other. A partition is created beside its parent and then attached, which blocks neither
    readers nor writers.
    """
    hold_in_transaction(connection, Purpose.PARTITIONS)
    wanted = sorted(set(days))
    made = 0
    for parent in PARTITIONED:
        existing = set(connection.execute(_EXISTING, {"parent": parent}).scalars())
        missing = [day for day in wanted if _name(parent, day) not in existing]
        for day in missing:
            _make(connection, parent, day)
        made += len(missing)
    return made


def ahead(now: datetime, days: int = DAYS_AHEAD) -> list[date]:
    """From yesterday to `days` from now."""
    today = now.astimezone(UTC).date()
    return [today + _DAY * offset for offset in range(-1, days + 1)]


def kept(now: datetime) -> list[date]:
    """The days before today whose rows are kept at most."""
    today = now.astimezone(UTC).date()
    return [today - _DAY * offset for offset in range(LONGEST_KEPT)]


def drop_expired(database: Database, now: datetime, retention_days: int) -> int:
    """Return how many there were; `StorageUnavailable` when somebody holds one, after those before it are gone.

    Each has its own transaction, which waits at most a second for readers, since writers wait behind it. Two at once
    share the work.
    """
    dropped = 0
    while True:
        with database.transaction() as connection:
            hold_in_transaction(connection, Purpose.PARTITIONS)
            names = expired(connection, now, retention_days)
            if not names:
                return dropped
            connection.execute(_SHORT_WAIT)
            connection.execute(text(f'DROP TABLE "{names[0]}"'))
        dropped += 1


def expired(connection: Connection, now: datetime, retention_days: int) -> list[str]:
    """Those whose first instant is at least `retention_days` old, oldest first."""
    return [
        name
        for parent in PARTITIONED
        for name in sorted(connection.execute(_EXISTING, {"parent": parent}).scalars())
        if (first := _first_instant(parent, name)) is not None and first + timedelta(days=retention_days) <= now
    ]


def old_rows_elsewhere(connection: Connection, first_kept: datetime) -> dict[str, int]:
    """Count older rows in partitions whose names are not ours: we never drop those."""
    return {
        place.name: connection.execute(_OLD_ROWS[parent], {"place": place.oid, "first": first_kept}).scalar_one()
        for parent in PARTITIONED
        for place in connection.execute(_PLACES, {"parent": parent})
        if _first_instant(parent, place.name) is None
    }


def with_partitions(database: Database, moments: Iterable[datetime], work: Callable[[Connection], Result]) -> Result:
    """Run `work` in a transaction, and again after creating a partition that a day of `moments` lacks.

    Nothing is lost when the upkeep was away.
    """
    try:
        with database.transaction() as connection:
            return work(connection)
    except IntegrityError as error:
        if not _partition_missing(error):
            raise
    with database.transaction() as connection:
        ensure(connection, {moment.astimezone(UTC).date() for moment in moments})
    with database.transaction() as connection:
        return work(connection)


def _partition_missing(error: IntegrityError) -> bool:
    """Postgres reports it as a check violation of the parent table that names no constraint."""
    diagnosis = getattr(error.orig, "diag", None)
    return (
        getattr(error.orig, "sqlstate", None) == _CHECK_VIOLATION
        and getattr(diagnosis, "table_name", None) in PARTITIONED
        and getattr(diagnosis, "constraint_name", None) is None
    )


def _name(parent: str, day: date) -> str:
    return f"{parent}_{day:%Y%m%d}"


def _first_instant(parent: str, name: str) -> datetime | None:
    """None for a partition that is not ours."""
    day = _OUR_NAME.fullmatch(name)
    if day is None or day["parent"] != parent:
        return None
    try:
        return datetime.strptime(day["day"], "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def _make(connection: Connection, parent: str, day: date) -> None:
    name = _name(parent, day)
    bounds = f"FROM ('{day.isoformat()} 00:00:00+00') TO ('{(day + _DAY).isoformat()} 00:00:00+00')"
    connection.execute(text(f'CREATE TABLE "{name}" (LIKE "{parent}" INCLUDING DEFAULTS)'))
    for column in WITHOUT_STATISTICS.get(parent, ()):
        connection.exec_driver_sql(f'ALTER TABLE "{name}" ALTER COLUMN "{column}" SET STATISTICS 0')
    connection.exec_driver_sql(f'ALTER TABLE "{parent}" ATTACH PARTITION "{name}" FOR VALUES {bounds}')
