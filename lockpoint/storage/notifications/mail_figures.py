"""How the mails of a site fare, in numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import text

from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.notifications import COMMENTED, UNREACHABLE, MailHealth
from lockpoint.storage.engine import Database

_FIGURES: Final = text("""
    WITH newest AS (
        SELECT DISTINCT ON (recipient) outcome FROM email_intent
        WHERE tenant_id = :site AND done AND outcome IS NOT NULL AND recipient IS NOT NULL AND created_at >= :since
        ORDER BY recipient, id DESC),
    parked AS (
        SELECT args ->> 'subject' AS intent FROM procrastinate_jobs
        WHERE task_name = :task AND status = 'failed' AND (args ->> 'tenant_id')::int = :site)
    SELECT
        (SELECT count(*) FROM email_intent
            WHERE tenant_id = :site AND NOT done AND id::text NOT IN (SELECT intent FROM parked)) AS waiting,
        (SELECT count(*) FROM parked) AS parked,
        (SELECT count(*) FROM email_log WHERE tenant_id = :site AND at >= :since AND result = 'refused') AS refused,
        (SELECT count(*) FROM newest WHERE outcome = ANY(:unreachable)) AS unreachable,
        (SELECT count(*) FROM newest WHERE outcome = :commented) AS commented
""")


class PostgresMailFigures:
    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, tenant: Tenant, since: datetime) -> MailHealth:
        """One round trip."""
        words = {"task": JobKind.SEND_MAIL.value, "unreachable": list(UNREACHABLE), "commented": COMMENTED}
        with self._database.single() as connection:
            row = connection.execute(_FIGURES, {"site": tenant.id, "since": since, **words}).one()
        return MailHealth(**row._mapping)  # noqa: SLF001 - a public name of SQLAlchemy
