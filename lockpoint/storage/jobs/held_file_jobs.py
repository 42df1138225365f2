"""The path of a webhook to Postgres: one statement looks files up and queues jobs of the locked ones.

Threads that come together share one statement and so one commit (ADR 31): whoever finds nobody writing writes what
waits, then wakes the others and hands over to the first that came meanwhile. All are answered after the commit.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import psycopg

from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import NAMES, ROWS, insertion, key_of, row_of

MOST_WAITING: Final = 200
MOST_AT_ONCE: Final = 100
"""Webhooks in one statement."""

# A job that waits and is due is left alone: its worker will read Confluence after this statement began. Without this
# every repeated webhook would lock the job's row, and commit that. One job at most waits under a key; as a scalar, its
# row is always found by the key, however many others wait.
_IS_DUE: Final = """
    (SELECT waiting.attempts > 0 OR waiting.scheduled_at IS NULL OR waiting.scheduled_at <= now()
     FROM procrastinate_jobs waiting WHERE waiting.queueing_lock = held.key AND waiting.status = 'todo')
"""
# Files that nobody holds matter where the site or one of its spaces is strict. Asked here, it is no further round trip.
_IS_STRICT: Final = """
    (EXISTS (SELECT FROM site_state WHERE site_state.tenant_id = named.tenant_id AND site_state.strict)
     OR EXISTS (SELECT FROM space_state WHERE space_state.tenant_id = named.tenant_id AND space_state.strict))
"""
DEFER: Final = f"""
    WITH held AS (
        SELECT named.*
        FROM {ROWS} AS named ({NAMES}, file text)
        LEFT JOIN lock_witness ON lock_witness.tenant_id = named.tenant_id AND lock_witness.attachment_id = named.file
        WHERE lock_witness.holder IS NOT NULL OR (named.task = '{JobKind.RECONCILE}' AND {_IS_STRICT})
    ), queued AS ({insertion(f"held WHERE {_IS_DUE} IS NOT TRUE")})
    SELECT tenant_id, file FROM held
"""  # noqa: S608 - of constants


@dataclass(slots=True, eq=False)
class _Wish:
    """What one webhook brings; `awake` is released when it is answered, or is to write."""

    tenant_id: int
    jobs: Mapping[str, Job]
    awake: threading.Lock = field(default_factory=threading.Lock)
    count: int | None = None
    error: Exception | None = None

    def __post_init__(self) -> None:
        self.awake.acquire()

    @property
    def answered(self) -> bool:
        return self.count is not None or self.error is not None


class PostgresHeldFileJobs:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._guard = threading.Lock()
        self._waiting: list[_Wish] = []
        self._writing = False

    def defer(self, tenant: Tenant, jobs: Mapping[str, Job]) -> int:
        wish = _Wish(tenant.id, jobs)
        if not self._writes_at_once(wish):
            wish.awake.acquire()
        if not wish.answered:
            self._write_waiting(wish)
        if wish.error is not None:
            raise wish.error
        return wish.count or 0

    def _writes_at_once(self, wish: _Wish) -> bool:
        with self._guard:
            if len(self._waiting) >= MOST_WAITING:
                raise StorageUnavailable("too many webhooks wait for the database")
            self._waiting.append(wish)
            first, self._writing = not self._writing, True
        return first

    def _write_waiting(self, mine: _Wish) -> None:
        with self._guard:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        try:
            self._answer(batch)
        finally:
            with self._guard:
                following = self._waiting[:1]
                self._writing = bool(following)
            for wish in (*following, *batch):
                if wish is not mine:
                    wish.awake.release()

    def _answer(self, batch: Sequence[_Wish]) -> None:
        """A wish that Postgres refuses spoils no other."""
        try:
            held = self._write(batch)
        except psycopg.DataError as error:
            if len(batch) > 1:
                for wish in batch:
                    self._answer([wish])
                return
            batch[0].error = error
        except Exception as error:  # noqa: BLE001 - every thread gets it
            for wish in batch:
                wish.error = error
        else:
            for wish in batch:
                wish.count = sum((wish.tenant_id, file) in held for file in wish.jobs)

    def _write(self, batch: Sequence[_Wish]) -> set[tuple[int, str]]:
        files = {key_of(job): (job, file) for wish in batch for file, job in wish.jobs.items()}
        named = [row_of(key, files[key][0]) | {"file": files[key][1]} for key in sorted(files)]
        with self._database.driver() as connection:
            return set(connection.execute(DEFER, {"jobs": json.dumps(named)}, prepare=True).fetchall())
