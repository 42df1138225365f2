"""What was heard of a site's licence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, update

from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import Job
from lockpoint.services.ports.tenancy import LICENCE_FRESH, Licence, LicenceNote
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import enqueue
from lockpoint.storage.tables import INSTALLATION
from lockpoint.storage.tenancy.reactivation import come_back

_ROW: Final = INSTALLATION.c


class PostgresLicences:
    """`look_after` names the jobs of a site that is active again, queued in the transaction that notes it."""

    def __init__(self, database: Database, look_after: Callable[[int], Sequence[Job]]) -> None:
        self._database = database
        self._look_after = look_after

    def get(self, tenant: Tenant) -> LicenceNote:
        statement = select(_ROW.licence, _ROW.licence_checked_at).where(_ROW.id == tenant.id)
        with self._database.single() as connection:
            row = connection.execute(statement).one_or_none()
        if row is None or row.licence is None:
            return LicenceNote()
        return LicenceNote(Licence(row.licence), row.licence_checked_at)

    def note(self, tenant: Tenant, *, active: bool, at: datetime) -> Licence:
        """A newer known word stays."""
        heard = Licence.ACTIVE if active else Licence.NONE
        known = select(_ROW.licence, _ROW.licence_checked_at).where(_ROW.id == tenant.id, _ROW.installed)
        with self._database.transaction() as connection:
            row = connection.execute(known.with_for_update()).one_or_none()
            if row is None:
                return Licence.NONE
            if _newer(row.licence_checked_at, at):
                return Licence(row.licence)
            values = {"licence": heard.value, "licence_checked_at": at}
            connection.execute(update(INSTALLATION).where(_ROW.id == tenant.id).values(values))
            if active and row.licence == Licence.NONE.value:
                self._come_back(connection, [tenant.id])
        return heard

    def lift(self) -> None:
        values = {"licence": None, "licence_checked_at": None}
        with self._database.transaction() as connection:
            statement = update(INSTALLATION).where(_ROW.licence == Licence.NONE.value).values(values)
            self._come_back(connection, connection.execute(statement.returning(_ROW.id)).scalars().all())

    def _come_back(self, connection: Connection, tenant_ids: Sequence[int]) -> None:
        come_back(connection, tenant_ids)
        enqueue(connection, [job for tenant_id in tenant_ids for job in self._look_after(tenant_id)])


def _newer(known: datetime | None, at: datetime) -> bool:
    """Whether the known word was heard after `at`; one far ahead is a clock's error."""
    return known is not None and at < known < at + LICENCE_FRESH
