"""Figures of reliability that the rows of all sites answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import text

from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.maintenance import ReliabilityReadings
from lockpoint.services.ports.runtime import Clock
from lockpoint.storage.engine import Database
from lockpoint.storage.retention.purge import Retention

PURGED_WITHIN: Final = timedelta(minutes=70)
"""The purge is hourly: what became due since then waits for its turn."""
SENT_WITHIN: Final = timedelta(hours=1)

_OVERWRITES: Final = text("""
    WITH version AS (
        SELECT kind = 'restored' AS ours, detail = 'undone' AS undone, extract(epoch FROM min(at)
            FILTER (WHERE kind = 'restored') OVER (PARTITION BY tenant_id, attachment_id
                ORDER BY at DESC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - at) AS seconds
        FROM audit_event WHERE kind = 'restored' OR (kind = 'conflict' AND detail IN ('undone', 'not_undone')))
    SELECT count(*) FILTER (WHERE NOT ours AND undone) AS undone,
        percentile_disc(ARRAY[0.5, 0.95, 1]) WITHIN GROUP (ORDER BY seconds)
            FILTER (WHERE NOT ours AND undone) AS seconds,
        count(*) FILTER (WHERE ours) AS restores,
        count(*) FILTER (WHERE NOT ours AND NOT undone) AS standing
    FROM version
""")
"""One pass from the newest row of a file to its oldest: a million rows take a second and a half."""

_AUDIT: Final = text("""
    WITH of_file AS (
        SELECT count(*) AS rows, count(DISTINCT seq) AS writes, max(seq) - min(seq) + 1 AS places,
            count(*) FILTER (WHERE recovered) AS recovered
        FROM audit_event WHERE epoch > 0 GROUP BY tenant_id, attachment_id, epoch)
    SELECT coalesce(sum(writes), 0)::bigint AS writes, coalesce(sum(rows - writes), 0)::bigint AS doubled,
        coalesce(sum(places - writes), 0)::bigint AS gaps, coalesce(sum(recovered), 0)::bigint AS recovered
    FROM of_file
""")
_WAITING: Final = text("""
    WITH job AS (
        SELECT (args ->> 'tenant_id')::int AS tenant_id, args ->> 'subject' AS subject, status = 'failed' AS parked
        FROM procrastinate_jobs WHERE task_name = :task AND status IN ('todo', 'doing', 'failed'))
    SELECT count(*) AS waiting,
        count(*) FILTER (WHERE created_at < :before AND NOT EXISTS (
            SELECT FROM job WHERE job.tenant_id = intent.tenant_id
                AND job.subject IN (intent.id::text, intent.told_by::text))) AS lost,
        (SELECT count(*) FROM job WHERE parked) AS parked
    FROM email_intent intent WHERE NOT done
""")
_RESULTS: Final = text("SELECT result, count(*) FROM email_log GROUP BY result")


class PostgresReliability:
    def __init__(self, database: Database, clock: Clock, retention_days: int) -> None:
        self._database = database
        self._clock = clock
        self._retention = Retention(database, clock, retention_days)

    def read(self) -> ReliabilityReadings:
        """Look at every kept row, and change none. `StorageUnavailable`."""
        now = self._clock.now()
        overdue, late = self._retention.overdue(now - PURGED_WITHIN), self._retention.late(now)
        words = {"task": JobKind.SEND_MAIL.value, "before": now - SENT_WITHIN}
        with self._database.single() as connection:
            overwrites = connection.execute(_OVERWRITES).one()
            audit = connection.execute(_AUDIT).one()
            mails = connection.execute(_WAITING, words).one()
            results = {str(result): int(count) for result, count in connection.execute(_RESULTS)}
        return ReliabilityReadings(
            undone=overwrites.undone,
            standing=overwrites.standing,
            restores=overwrites.restores,
            undo_seconds=_three(overwrites.seconds),
            **audit._mapping,  # noqa: SLF001 - a public name of SQLAlchemy
            mails=results,
            mails_waiting=mails.waiting,
            mails_parked=mails.parked,
            mails_lost=mails.lost,
            overdue=overdue,
            late=late,
        )


def _three(seconds: Sequence[Decimal] | None) -> tuple[float, float, float] | None:
    if seconds is None or None in seconds:
        return None
    median, most, worst = map(float, seconds)
    return median, most, worst
