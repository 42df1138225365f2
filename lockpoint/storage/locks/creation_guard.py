"""The creation guard: one creator of a file's first record at a time."""

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
    """Implements `ports.CreationGuard`; one conditional statement decides. StorageUnavailable."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def claim(self, tenant: Tenant, attachment_id: str, op_id: str, *, until: datetime) -> bool:
        """Claim the file; True when free, run out, or already ours (same op_id)."""
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
        """Give the claim back, if it is still ours."""
        with self._database.single() as connection:
            connection.execute(
                delete(CREATION_GUARD).where(
                    _ROW.tenant_id == tenant.id, _ROW.attachment_id == attachment_id, _ROW.op_id == op_id
                )
            )
