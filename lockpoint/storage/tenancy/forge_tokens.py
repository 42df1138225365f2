"""The app's own tokens for sites on Forge, sealed for their site, until they expire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from lockpoint.services.context import Door, Tenant
from lockpoint.services.ports.forge import AccessToken
from lockpoint.services.ports.jobs import Job
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import enqueue
from lockpoint.storage.jobs.parked_jobs import wake
from lockpoint.storage.keyring import Keyring, SecretUnreadable
from lockpoint.storage.tables import FORGE_TOKEN, INSTALLATION

LONGER: Final = timedelta(minutes=10)
"""Forge hands out the same token many times, and much the same life again: only a longer one is written."""

_ROW: Final = FORGE_TOKEN.c


@dataclass(frozen=True, slots=True)
class ResealedTokens:
    """How many tokens were sealed now, and how many were erased."""

    sealed: int
    dropped: int


class PostgresForgeTokens:
    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    def find(self, tenant: Tenant, now: datetime) -> AccessToken | None:
        site = INSTALLATION.c
        active = site.installed & site.enabled & (site.door == Door.FORGE.value) & (site.id == _ROW.tenant_id)
        statement = (
            select(FORGE_TOKEN).join(INSTALLATION, active).where(_ROW.tenant_id == tenant.id, _ROW.expires_at > now)
        )
        with self._database.single() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else self._opened(row, tenant)

    def keep(self, tenant: Tenant, token: AccessToken, now: datetime, catch_up: Sequence[Job]) -> bool:
        with self._database.transaction() as connection:
            of_site = _ROW.tenant_id == tenant.id
            row = connection.execute(select(FORGE_TOKEN).where(of_site).with_for_update()).one_or_none()
            live_until = row.expires_at if row is not None and self._opened(row, tenant) else None
            if live_until is None or live_until < token.expires_at - LONGER:
                self._write(connection, tenant, token, now)
            missed = live_until is None or live_until <= now
            if missed:
                enqueue(connection, catch_up)
                wake(connection, tenant.id)
        return missed

    def drop(self, tenant: Tenant, token: AccessToken) -> None:
        with self._database.transaction() as connection:
            of_site = _ROW.tenant_id == tenant.id
            row = connection.execute(select(FORGE_TOKEN).where(of_site).with_for_update()).one_or_none()
            stored = None if row is None else self._opened(row, tenant)
            if stored is None or stored.value == token.value:
                connection.execute(delete(FORGE_TOKEN).where(of_site))

    def reseal(self) -> ResealedTokens:
        """Encrypt under the newest key what is not, and erase what no key opens: the next invocation brings another.

        In one transaction, in which no token can be stored: each is small, and there is one for a site.
        """
        sealed = dropped = 0
        with self._database.transaction() as connection:
            rows = connection.execute(select(_ROW.tenant_id, _ROW.token).order_by(_ROW.tenant_id).with_for_update())
            for row in rows.all():
                of_site, key_id = _ROW.tenant_id == row.tenant_id, self._keys.sealed_by(row.token)
                if key_id is None:
                    dropped += connection.execute(delete(FORGE_TOKEN).where(of_site)).rowcount
                elif key_id != self._keys.newest:
                    fresh = {"token": self._keys.reseal(row.token)}
                    sealed += connection.execute(update(FORGE_TOKEN).where(of_site).values(fresh)).rowcount
        return ResealedTokens(sealed, dropped)

    def _write(self, connection: Connection, tenant: Tenant, token: AccessToken, now: datetime) -> None:
        sealed = self._keys.seal(token.value, tenant.site_key)
        values = {"token": sealed, "expires_at": token.expires_at, "received_at": now}
        statement = insert(FORGE_TOKEN).values(tenant_id=tenant.id, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["tenant_id"], set_=values))

    def _opened(self, row: Any, tenant: Tenant) -> AccessToken | None:
        """None for one that no key opens: the next invocation brings another."""
        try:
            return AccessToken(self._keys.unseal(row.token, tenant.site_key), row.expires_at)
        except SecretUnreadable:
            return None


def erase_expired(database: Database, now: datetime) -> int:
    """Return how many there were."""
    with database.single() as connection:
        return connection.execute(delete(FORGE_TOKEN).where(_ROW.expires_at <= now)).rowcount


def expired(connection: Connection, now: datetime) -> int:
    return connection.execute(select(func.count()).select_from(FORGE_TOKEN).where(_ROW.expires_at <= now)).scalar_one()
