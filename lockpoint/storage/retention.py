"""Nothing stays longer than it may: expired partitions and rows go, in small batches."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, Table, delete, select, text, tuple_

from lockpoint.services.ports import Clock
from lockpoint.storage import outcomes
from lockpoint.storage.engine import Database
from lockpoint.storage.partitions import drop_expired
from lockpoint.storage.tables import (
    ACCOUNT_PROFILE,
    CREATION_GUARD,
    EMAIL_INTENT,
    LOCK_WITNESS,
    REQUEST_OUTCOME,
    RESTORATION,
)

BATCH: Final = 5000

# Parked jobs hold ids only, but ids are data too; the events of a job go with it.
_OLD_PARKED: Final = text(
    "DELETE FROM procrastinate_jobs WHERE status IN ('failed', 'aborted', 'cancelled', 'succeeded') AND id IN ("
    "SELECT job_id FROM procrastinate_events GROUP BY job_id HAVING max(at) < now() - make_interval(days => :days))"
)


class Retention:
    """Deletes what is older than `days` (and what is older than its own shorter limit)."""

    def __init__(self, database: Database, clock: Clock, days: int) -> None:
        self._database = database
        self._clock = clock
        self._days = days

    def purge(self) -> int:
        """Delete what has reached its age; how many partitions and rows. Two at once do no harm. StorageUnavailable."""
        now = self._clock.now()
        limit = now - timedelta(days=self._days)
        with self._database.transaction() as connection:
            gone = drop_expired(connection, now, self._days)
        for table, old in (
            (REQUEST_OUTCOME, REQUEST_OUTCOME.c.started_at < now - outcomes.KEPT),
            (CREATION_GUARD, CREATION_GUARD.c.until < now),
            (LOCK_WITNESS, LOCK_WITNESS.c.seen_at <= limit),
            (RESTORATION, RESTORATION.c.at <= limit),
            (EMAIL_INTENT, EMAIL_INTENT.c.created_at <= limit),
            (ACCOUNT_PROFILE, ACCOUNT_PROFILE.c.used_at <= limit),
        ):
            gone += self._delete(table, old)
        with self._database.single() as connection:
            gone += connection.execute(_OLD_PARKED, {"days": self._days}).rowcount
        return gone

    def _delete(self, table: Table, old: ColumnElement[bool]) -> int:
        key = tuple_(*table.primary_key.columns)
        batch = delete(table).where(key.in_(select(*table.primary_key.columns).where(old).limit(BATCH)))
        gone = 0
        while True:
            with self._database.single() as connection:
                count = connection.execute(batch).rowcount
            gone += count
            if count < BATCH:
                return gone
