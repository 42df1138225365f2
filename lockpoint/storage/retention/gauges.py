"""What operators watch: queue, locks and mails of all sites together."""

from __future__ import annotations

from typing import Final

from lockpoint.services.ports.maintenance import Readings
from lockpoint.storage.engine import Database

_QUEUE: Final = """
    SELECT task_name, status = 'failed', count(*),
        coalesce(max(extract(epoch FROM now() - greatest(scheduled_at, added.at))), 0)
    FROM procrastinate_jobs AS job
    LEFT JOIN LATERAL (
        SELECT max(at) AS at FROM procrastinate_events WHERE job_id = job.id AND type = 'deferred') AS added ON true
    WHERE status = 'failed' OR (status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now()))
    GROUP BY 1, 2
"""
_LOCKS: Final = "SELECT protection, count(*) FROM lock_witness WHERE holder IS NOT NULL GROUP BY 1"
_TOKENS: Final = """
    SELECT min(greatest(0, coalesce(extract(epoch FROM expires_at - now()), 0)))::float
    FROM installation LEFT JOIN forge_token ON tenant_id = id
    WHERE door = 'forge' AND installed AND enabled
"""
_MAILS: Final = "SELECT count(*) FROM email_intent WHERE NOT done"


class PostgresGauges:
    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> Readings:
        with self._database.driver() as driver:
            queue = driver.execute(_QUEUE).fetchall()
            locks = driver.execute(_LOCKS).fetchall()
            mails = driver.execute(_MAILS).fetchone()
            tokens = driver.execute(_TOKENS).fetchone()
        return Readings(
            waiting={kind: count for kind, parked, count, _ in queue if not parked},
            oldest_seconds=max((float(age) for _, parked, _, age in queue if not parked), default=0.0),
            parked={kind: count for kind, parked, count, _ in queue if parked},
            locks=dict(locks),
            mails_waiting=mails[0] if mails else 0,
            forge_token_left=tokens[0] if tokens else None,
        )
