"""Erasing sites that uninstalled the app 30 days ago.

Client key, cloud id and log of installs stay: they are not personal, and a site that returns gets its number back.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Delete, Table, delete, func, or_, select, tuple_, update

from lockpoint.services.ports.tenancy import ERASED
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import INSTALLATION, INSTALLATION_EVENT, METADATA, QUEUE

KEPT: Final = timedelta(days=30)
BATCH: Final = 5000

OF_SITES: Final = tuple(
    table for table in METADATA.sorted_tables if "tenant_id" in table.columns and table is not INSTALLATION_EVENT
)
"""Every table with rows of a site, except the log of installs."""

_ROW: Final = INSTALLATION.c
STRIPPED: Final[dict[Column[Any], Any]] = {
    _ROW.base_url: ERASED,
    **dict.fromkeys((_ROW.display_url, _ROW.oauth_client_id, _ROW.licence, _ROW.licence_checked_at, _ROW.returned_at)),
    **dict.fromkeys((_ROW.forge_url, _ROW.forge_installation, _ROW.forge_environment, _ROW.forge_version)),
    **dict.fromkeys((_ROW.forge_seen_at, _ROW.forge_event_at, _ROW.forge_tick_at)),
    _ROW.app_accounts: [],
    **dict.fromkeys((_ROW.secret, _ROW.previous_secret, _ROW.secret_changed_at)),
}
"""What a departed registration has in the end, beside number, client keys, cloud id and dates."""

_NOT_STRIPPED: Final = or_(*(column.is_distinct_from(value) for column, value in STRIPPED.items()))


def erase_rows(database: Database, table: Table, now: datetime) -> int:
    """In batches; return how many.

    Each statement decides afresh who is departed: a site that returns keeps what it then writes.
    """
    gone = 0
    while True:
        with database.single() as connection:
            count = connection.execute(_batch(table, now)).rowcount
        gone += count
        if count < BATCH:
            return gone


def drop_jobs(database: Database, now: datetime) -> int:
    """Waiting and parked ones; return how many."""
    with database.single() as connection:
        return connection.execute(delete(QUEUE).where(_their_jobs(now))).rowcount


def strip_registrations(database: Database, now: datetime) -> int:
    """Return how many."""
    with database.single() as connection:
        return connection.execute(update(INSTALLATION).where(_gone(now), _NOT_STRIPPED).values(STRIPPED)).rowcount


def left_over(connection: Connection, now: datetime) -> int:
    conditions = [(INSTALLATION, _gone(now) & _NOT_STRIPPED), (QUEUE, _their_jobs(now))]
    conditions += [(table, _theirs(table, now)) for table in OF_SITES]
    counts = [
        connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one()
        for table, condition in conditions
    ]
    return sum(counts)


def _gone(now: datetime) -> ColumnElement[bool]:
    return ~_ROW.installed & (_ROW.uninstalled_at <= now - KEPT)


def _theirs(table: Table, now: datetime) -> ColumnElement[bool]:
    return table.c.tenant_id.in_(select(_ROW.id).where(_gone(now)))


def _their_jobs(now: datetime) -> ColumnElement[bool]:
    of_site: ColumnElement[int] = QUEUE.c.args["tenant_id"].as_integer()
    return of_site.in_(select(_ROW.id).where(_gone(now))) & (QUEUE.c.status != "doing")


def _batch(table: Table, now: datetime) -> Delete:
    key = tuple(table.primary_key.columns)
    if not key:
        # Partitioned by day: nearly all rows left with their partitions.
        return delete(table).where(_theirs(table, now))
    return delete(table).where(tuple_(*key).in_(select(*key).where(_theirs(table, now)).limit(BATCH)))
