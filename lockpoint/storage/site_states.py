"""What Postgres keeps of a site beside its configuration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from lockpoint.services.context import Tenant
from lockpoint.services.ports import SiteState
from lockpoint.storage.advisory import Purpose
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import SITE_STATE

_LOCK: Final = text("SELECT pg_advisory_lock(:purpose, :key)")
_UNLOCK: Final = text("SELECT pg_advisory_unlock(:purpose, :key)")


class SiteStates:
    """Implements `ports.SiteStates`; StorageUnavailable, also when the lock is not to be had within seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant: Tenant) -> SiteState:
        """Give the state; the empty one when nothing was stored."""
        with self._database.single() as connection:
            row = connection.execute(select(SITE_STATE).where(SITE_STATE.c.tenant_id == tenant.id)).one_or_none()
        if row is None:
            return SiteState()
        return SiteState(
            revision=row.revision,
            digest=row.digest,
            restore_works=row.restore_works,
            tested_at=row.tested_at,
            scratch_id=row.scratch_id,
            cursor=row.cursor,
        )

    def put(self, tenant: Tenant, state: SiteState) -> None:
        """Store it."""
        values = asdict(state)
        statement = insert(SITE_STATE).values(tenant_id=tenant.id, **values)
        with self._database.single() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["tenant_id"], set_=values))

    @contextmanager
    def exclusive(self, tenant: Tenant) -> Iterator[None]:
        """Hold the site's configuration alone for the duration of the block, on a connection of its own.

        Not a transaction: the block talks to Confluence. A process that dies loses the lock with its connection.
        """
        key = {"purpose": Purpose.SITE_CONFIGURATION.value, "key": tenant.id}
        with self._database.single() as connection:
            connection.execute(_LOCK, key)
            try:
                yield
            finally:
                connection.execute(_UNLOCK, key)
