"""Our own restorations, by which our versions are recognised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from lockpoint.domain.history.judge import KnownRestoration
from lockpoint.services.context import Tenant
from lockpoint.services.ports.locks import Restoration
from lockpoint.storage.engine import Database, in_batches
from lockpoint.storage.tables import RESTORATION

_ROW: Final = RESTORATION.c
_INSERT: Final = insert(RESTORATION).on_conflict_do_nothing()


def append(connection: Connection, tenant_id: int, restorations: Sequence[Restoration]) -> None:
    for some in in_batches(restorations, len(_ROW)):
        connection.execute(_INSERT.values([_values(tenant_id, restoration) for restoration in some]))


class PostgresRestorations:
    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, tenant: Tenant, attachment_id: str) -> tuple[KnownRestoration, ...]:
        """Oldest first."""
        statement = (
            select(_ROW.created, _ROW.source_created)
            .where(_ROW.tenant_id == tenant.id, _ROW.attachment_id == attachment_id)
            .order_by(_ROW.created)
        )
        with self._database.single() as connection:
            return tuple(KnownRestoration(row.created, row.source_created) for row in connection.execute(statement))

    def recent(self, tenant: Tenant, lock_id: str) -> Sequence[Restoration]:
        """Oldest first."""
        statement = (
            select(RESTORATION)
            .where(_ROW.tenant_id == tenant.id, _ROW.lock_id == lock_id)
            .order_by(_ROW.at, _ROW.created)
        )
        with self._database.single() as connection:
            return [
                Restoration(
                    attachment_id=row.attachment_id,
                    lock_id=row.lock_id,
                    created=row.created,
                    source_created=row.source_created,
                    offenders=tuple(row.offenders),
                    at=row.at,
                )
                for row in connection.execute(statement)
            ]


def _values(tenant_id: int, restoration: Restoration) -> dict[str, object]:
    return {
        "tenant_id": tenant_id,
        "attachment_id": restoration.attachment_id,
        "created": restoration.created,
        "lock_id": restoration.lock_id,
        "source_created": restoration.source_created,
        "offenders": list(restoration.offenders),
        "at": restoration.at,
    }
