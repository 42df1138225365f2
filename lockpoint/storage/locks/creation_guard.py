"""The creation guard."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import delete, or_
from sqlalchemy.dialects.postgresql import insert

from lockpoint.services.context import Tenant
from lockpoint.services.ports.runtime import Clock
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import CREATION_GUARD

_ROW: Final = CREATION_GUARD.c


class PostgresCreationGuard:
    """One conditional statement decides."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def claim(self, tenant: Tenant, attachment_id: str, op_id: str, *, until: datetime) -> bool:
        statement = insert(CREATION_GUARD).values(
            tenant_id=tenant.id, attachment_id=attachment_id, op_id=op_id, until=until
        )
        new = statement.excluded
        claim = statement.on_conflict_do_update(
            index_elements=[_ROW.tenant_id, _ROW.attachment_id],
            set_={"op_id": new.op_id, "until": new.until},
            where=or_(_ROW.until <= self._clock.now(), _ROW.op_id == new.op_id),
        ).returning(_ROW.op_id)
        with self._database.single() as connection:
            return connection.execute(claim).first() is not None

    def release(self, tenant: Tenant, attachment_id: str, op_id: str) -> None:
        with self._database.single() as connection:
            connection.execute(
                delete(CREATION_GUARD).where(
                    _ROW.tenant_id == tenant.id, _ROW.attachment_id == attachment_id, _ROW.op_id == op_id
                )
            )
