"""Language and time zone of people who used locking."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from lockpoint.services.context import Tenant
from lockpoint.services.ports.notifications import Profile
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import ACCOUNT_PROFILE

_ROW: Final = ACCOUNT_PROFILE.c


class PostgresProfiles:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant: Tenant, account: str) -> Profile | None:
        statement = select(ACCOUNT_PROFILE).where(_ROW.tenant_id == tenant.id, _ROW.account == account)
        with self._database.single() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else Profile(time_zone=row.time_zone, locale=row.locale, used_at=row.used_at)

    def put(self, tenant: Tenant, account: str, profile: Profile) -> None:
        values = {"time_zone": profile.time_zone, "locale": profile.locale, "used_at": profile.used_at}
        statement = insert(ACCOUNT_PROFILE).values(tenant_id=tenant.id, account=account, **values)
        with self._database.single() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=[_ROW.tenant_id, _ROW.account], set_=values)
            )
