"""Leadership and maintenance of the clock process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

import psycopg

from lockpoint.services.context import Tenant
from lockpoint.services.ports.maintenance import PurgeReport
from lockpoint.services.ports.runtime import Clock
from lockpoint.storage.advisory_locks import Purpose
from lockpoint.storage.engine import KEEPALIVE, SESSION, Database, answering, libpq_url
from lockpoint.storage.jobs.parked_jobs import requeue_stalled
from lockpoint.storage.partitions import ahead, ensure
from lockpoint.storage.retention.purge import Retention
from lockpoint.storage.tenancy.installations import PostgresTenants

LEADERSHIP: Final = 1
"""Connections beside the pool."""

_ANSWER_SECONDS: Final = 10.0
_IDLE_MILLISECONDS: Final = 45_000


class ClockLeadership:
    """An advisory lock on its own connection: its holder is the one clock, until it or the connection ends."""

    def __init__(self, url: str) -> None:
        self._url = libpq_url(url)
        self._one_at_a_time = threading.Lock()
        self._connection: psycopg.Connection | None = None

    def held(self) -> bool:
        """Keep or take the leadership; False while another has it or the database is away."""
        with self._one_at_a_time:
            try:
                return self._keep() or self._take()
            except psycopg.Error:
                self._let_go()
                return False

    def resign(self) -> None:
        with self._one_at_a_time:
            self._let_go()

    def _keep(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            self._let_go()
            return False
        return True

    def _take(self) -> bool:
        # A lost session gives the leadership back when it has been idle: every tick asks it.
        options = f"{SESSION} -c idle_session_timeout={_IDLE_MILLISECONDS}"
        connection = answering(_ANSWER_SECONDS).connect(
            self._url,
            autocommit=True,
            connect_timeout=5,
            application_name="lockpoint clock",
            options=options,
            **KEEPALIVE,
        )
        won = connection.execute("SELECT pg_try_advisory_lock(%s, 0)", [Purpose.CLOCK.value]).fetchone() == (True,)
        if won:
            self._connection = connection
        else:
            connection.close()
        return won

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class PostgresUpkeep:
    def __init__(self, database: Database, clock: Clock, *, retention_days: int = 30) -> None:
        self._database = database
        self._clock = clock
        self._leadership = ClockLeadership(database.url)
        self._tenants = PostgresTenants(database)
        self._retention = Retention(database, clock, retention_days)

    def lead(self) -> bool:
        return self._leadership.held()

    def resign(self) -> None:
        self._leadership.resign()

    def requeue_stalled(self) -> int:
        return requeue_stalled(self._database)

    def make_partitions(self) -> int:
        with self._database.transaction() as connection:
            return ensure(connection, ahead(self._clock.now()))

    def purge(self) -> PurgeReport:
        return self._retention.purge()

    def live_locks(self) -> int:
        return self._tenants.live_locks()

    def without_witness(self) -> Sequence[Tenant]:
        return self._tenants.without_witness()
