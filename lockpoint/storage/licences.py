"""What is remembered of a site's licence, beside its registration."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, case, select, update

from lockpoint.services.context import Tenant
from lockpoint.services.returning import look_after
from lockpoint.services.site_ports import Licence, LicenceNote
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs import enqueue
from lockpoint.storage.tables import INSTALLATION

_ROW: Final = INSTALLATION.c
_LAPSED: Final = _ROW.licence == Licence.NONE.value


class LicenceNotes:
    """Implements `site_ports.Licences`; StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant: Tenant) -> LicenceNote:
        """Give what was last heard."""
        statement = select(_ROW.licence, _ROW.licence_checked_at).where(_ROW.id == tenant.id)
        with self._database.single() as connection:
            row = connection.execute(statement).one_or_none()
        if row is None or row.licence is None:
            return LicenceNote()
        return LicenceNote(Licence(row.licence), row.licence_checked_at)

    def note(self, tenant: Tenant, *, active: bool, at: datetime) -> Licence:
        """Store it; a site that comes back gets its time and its jobs in the same transaction."""
        heard = Licence.ACTIVE if active else Licence.NONE
        back = case((_LAPSED, at), else_=_ROW.returned_at) if active else _ROW.returned_at
        statement = update(INSTALLATION).where(_ROW.id == tenant.id, _ROW.installed)
        values = {"licence": heard.value, "licence_checked_at": at, "returned_at": back}
        with self._database.transaction() as connection:
            stored = connection.execute(statement.values(values).returning(_ROW.returned_at)).one_or_none()
            if stored is not None and active and stored.returned_at == at:
                _look_after(connection, [tenant.id])
        return heard if stored is not None else Licence.NONE

    def lift(self, at: datetime) -> None:
        """Forget that sites had none: they return now."""
        values = {"licence": None, "licence_checked_at": None, "returned_at": at}
        with self._database.transaction() as connection:
            statement = update(INSTALLATION).where(_LAPSED).values(values).returning(_ROW.id)
            _look_after(connection, connection.execute(statement).scalars().all())


def _look_after(connection: Connection, tenant_ids: Iterable[int]) -> None:
    enqueue(connection, [job for tenant_id in tenant_ids for job in look_after(tenant_id)])
