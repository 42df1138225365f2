"""What people were owed to be told lately, for open surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select

from lockpoint.services.context import Tenant
from lockpoint.services.ports.notifications import StoredIntent
from lockpoint.storage.engine import Database
from lockpoint.storage.notifications.mail_intents import read_row
from lockpoint.storage.tables import EMAIL_INTENT

_ROW: Final = EMAIL_INTENT.c


class PostgresRecentIntents:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, tenant: Tenant, account: str, since: datetime, *, limit: int) -> Sequence[StoredIntent]:
        statement = (
            select(EMAIL_INTENT)
            .where(_ROW.tenant_id == tenant.id, _ROW.recipient == account, _ROW.created_at > since)
            .order_by(_ROW.id.desc())
            .limit(limit)
        )
        with self._database.single() as connection:
            return [read_row(row) for row in connection.execute(statement)]
