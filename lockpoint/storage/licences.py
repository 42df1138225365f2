"""What is remembered of a site's licence, beside its registration."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import and_, case, literal, select, update

from lockpoint.services.context import Tenant
from lockpoint.services.ports import RETURNED, Job, JobKind
from lockpoint.services.site_ports import Licence, LicenceNote
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs import enqueue
from lockpoint.storage.tables import INSTALLATION

_ROW: Final = INSTALLATION.c
_AWAY: Final = (Licence.NONE.value, Licence.RETURNING.value)


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
        """Store it; whoever comes back gets the job that takes the locks up again, in the same transaction."""
        again = case((_ROW.licence.in_(_AWAY), Licence.RETURNING.value), else_=Licence.ACTIVE.value)
        values = {"licence": again if active else literal(Licence.NONE.value), "licence_checked_at": at}
        statement = update(INSTALLATION).where(_ROW.id == tenant.id, _ROW.installed).values(values)
        with self._database.transaction() as connection:
            stored = connection.execute(statement.returning(_ROW.licence)).scalar_one_or_none()
            if stored == Licence.RETURNING.value:
                enqueue(connection, [Job(JobKind.REDISCOVER, tenant.id, RETURNED)])
        return Licence(stored) if stored is not None else Licence.NONE

    def resume(self, tenant: Tenant) -> None:
        """Let a licence that came back count in full."""
        back = and_(_ROW.id == tenant.id, _ROW.licence == Licence.RETURNING.value)
        with self._database.single() as connection:
            connection.execute(update(INSTALLATION).where(back).values(licence=Licence.ACTIVE.value))
