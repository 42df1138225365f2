"""One partition for each UTC day: made ahead, made at once when a row finds none, dropped whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from lockpoint.storage.advisory_locks import Purpose, hold_in_transaction
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import PARTITIONED

DAYS_AHEAD: Final = 7
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
    """Make the missing partitions of these UTC days for every partitioned table; how many there were.

    Two processes at once wait for each other. A partition is made beside its parent and then attached, which does
    not stop readers and writers.
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
    """Name the days that should have a partition: yesterday until `days` from now."""
    today = now.astimezone(UTC).date()
    return [today + _DAY * offset for offset in range(-1, days + 1)]


def drop_expired(database: Database, now: datetime, retention_days: int) -> int:
    """Drop the partitions whose first instant is `retention_days` old or older; how many there were.

    Each goes in a transaction of its own that waits a second at most for readers, since writers wait behind it.
    Two at once share the work. StorageUnavailable when somebody holds a partition; those before it are gone.
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
    """Name the partitions whose first instant is `retention_days` old or older, oldest first."""
    return [
        name
        for parent in PARTITIONED
        for name in sorted(connection.execute(_EXISTING, {"parent": parent}).scalars())
        if (first := _first_instant(parent, name)) is not None and first + timedelta(days=retention_days) <= now
    ]


def old_rows_elsewhere(connection: Connection, first_kept: datetime) -> dict[str, int]:
    """Count the older rows of each partition that is not ours by its name: somebody made it, and we never drop it."""
    return {
        place.name: connection.execute(_OLD_ROWS[parent], {"place": place.oid, "first": first_kept}).scalar_one()
        for parent in PARTITIONED
        for place in connection.execute(_PLACES, {"parent": parent})
        if _first_instant(parent, place.name) is None
    }


def with_partitions(database: Database, moments: Iterable[datetime], work: Callable[[Connection], Result]) -> Result:
    """Do `work` in a transaction; when a day of `moments` has no partition yet, make it and do `work` again.

    Nothing is lost when the upkeep was away. StorageUnavailable.
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
    """The begin of the partition's day; None when it is not one of ours."""
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
    connection.exec_driver_sql(f'ALTER TABLE "{parent}" ATTACH PARTITION "{name}" FOR VALUES {bounds}')
