"""Sites by cloud id, and how they came through the Forge door.

A site born there is called `cloud/<cloud id>`, which survives a reinstallation; one that Connect knew keeps its name,
so that its signatures hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, case, delete, func, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert

from lockpoint.services.context import Door, Tenant
from lockpoint.services.ports.forge import ForgeRegistration, ForgeSite, Sign
from lockpoint.services.ports.jobs import Job
from lockpoint.services.ports.tenancy import ERASED, InstallationEvent
from lockpoint.storage.advisory_locks import Purpose, hold_names_in_transaction
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import enqueue
from lockpoint.storage.tables import FORGE_TOKEN, INSTALLATION, INSTALLATION_EVENT
from lockpoint.storage.tenancy.installations import tenant_of
from lockpoint.storage.tenancy.reactivation import come_back

_ROW: Final = INSTALLATION.c
_HEARD: Final = {Sign.EVENT: _ROW.forge_event_at, Sign.TICK: _ROW.forge_tick_at}


def born_on_forge(cloud_id: str) -> str:
    """Return what signatures of such a site are bound to."""
    return f"cloud/{cloud_id}"


class PostgresForgeSites:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, cloud_id: str) -> ForgeSite | None:
        with self._database.single() as connection:
            return _find(connection, cloud_id)

    def note_seen(self, tenant: Tenant, at: datetime, sign: Sign | None) -> None:
        values = {"forge_seen_at": at} | ({} if sign is None else {_HEARD[sign].name: at})
        with self._database.single() as connection:
            connection.execute(update(INSTALLATION).where(_ROW.id == tenant.id).values(values))

    def silent(self, before: datetime, now: datetime) -> Sequence[ForgeSite]:
        live = select(1).where(FORGE_TOKEN.c.tenant_id == _ROW.id, FORGE_TOKEN.c.expires_at > now).exists()
        at_the_door = _ROW.installed & (_ROW.door == Door.FORGE.value) & (_ROW.forge_seen_at < before)
        with self._database.single() as connection:
            rows = connection.execute(select(INSTALLATION).where(at_the_door, ~live).order_by(_ROW.id)).all()
        return [_site(row) for row in rows]

    def former(self, tenant: Tenant) -> Tenant | None:
        there = (_ROW.base_url == tenant.display_url) & (_ROW.id != tenant.id) & (_ROW.door == Door.CONNECT.value)
        last = _ROW.uninstalled_at.desc().nulls_last()
        newest = select(INSTALLATION).where(there, ~_ROW.installed).order_by(last, _ROW.id.desc()).limit(1)
        with self._database.single() as connection:
            row = connection.execute(newest).one_or_none()
        return None if row is None else tenant_of(row)

    def note_account(self, tenant: Tenant, account: str) -> None:
        missing = (_ROW.id == tenant.id) & ~_ROW.app_accounts.contains([account])
        with self._database.single() as connection:
            added = func.array_append(_ROW.app_accounts, account)
            connection.execute(update(INSTALLATION).where(missing).values(app_accounts=added))

    def note_address(self, tenant: Tenant, display_url: str) -> None:
        with self._database.single() as connection:
            connection.execute(update(INSTALLATION).where(_ROW.id == tenant.id).values(display_url=display_url))

    @contextmanager
    def change(self, cloud_id: str) -> Iterator[PostgresForgeSiteChange]:
        """Under the locks of installs, too: the row may be Connect's."""
        known = self.find(cloud_id)
        key = born_on_forge(cloud_id) if known is None else known.tenant.site_key
        with self._database.transaction() as connection:
            hold_names_in_transaction(connection, Purpose.INSTALLATION, [f"client {key}", "every site"])
            yield PostgresForgeSiteChange(connection, cloud_id)


class PostgresForgeSiteChange:
    def __init__(self, connection: Connection, cloud_id: str) -> None:
        self._connection = connection
        self._cloud_id = cloud_id

    def find(self) -> ForgeSite | None:
        return _find(self._connection, self._cloud_id)

    def open(self, registration: ForgeRegistration, display_url: str | None, at: datetime) -> Tenant:
        known = self.find()
        if known is None:
            return self._insert(registration, display_url, at)
        if known.registration is not None and known.registration.installation != registration.installation:
            self._connection.execute(delete(FORGE_TOKEN).where(FORGE_TOKEN.c.tenant_id == known.tenant.id))
        values = _opened(registration, at) | ({} if display_url is None else {"display_url": display_url})
        statement = update(INSTALLATION).where(_ROW.id == known.tenant.id).values(values).returning(INSTALLATION)
        return tenant_of(self._connection.execute(statement).one())

    def close(self, at: datetime) -> Tenant:
        of_site = _ROW.cloud_id == self._cloud_id
        number = select(_ROW.id).where(of_site).scalar_subquery()
        self._connection.execute(delete(FORGE_TOKEN).where(FORGE_TOKEN.c.tenant_id == number))
        connected = _ROW.secret.is_not(None)
        values = {
            "door": case((connected, Door.CONNECT.value), else_=_ROW.door),
            "installed": connected,
            "enabled": connected,
            "uninstalled_at": case((connected, None), else_=at),
        }
        statement = update(INSTALLATION).where(of_site).values(values).returning(INSTALLATION)
        return tenant_of(self._connection.execute(statement).one())

    def name(self, tenant: Tenant) -> None:
        left = (_ROW.cloud_id == self._cloud_id) & ~_ROW.installed
        self._connection.execute(update(INSTALLATION).where(left).values(cloud_id=None))
        ours = (_ROW.id == tenant.id) & _ROW.cloud_id.is_(None)
        self._connection.execute(update(INSTALLATION).where(ours).values(cloud_id=self._cloud_id))

    def adopt(self, former_key: str) -> None:
        of_site = _ROW.cloud_id == self._cloud_id
        self._connection.execute(update(INSTALLATION).where(of_site).values(former_key=former_key))

    def log(self, tenant_id: int, event: InstallationEvent, at: datetime) -> None:
        self._connection.execute(plain_insert(INSTALLATION_EVENT).values(tenant_id=tenant_id, event=event.value, at=at))

    def come_back(self, tenant_id: int) -> None:
        come_back(self._connection, [tenant_id])

    def defer(self, jobs: Sequence[Job]) -> None:
        enqueue(self._connection, jobs)

    def _insert(self, registration: ForgeRegistration, display_url: str | None, at: datetime) -> Tenant:
        born = {"client_key": born_on_forge(self._cloud_id), "base_url": ERASED, "display_url": display_url}
        values = born | {"cloud_id": self._cloud_id} | _opened(registration, at)
        return tenant_of(self._connection.execute(insert(INSTALLATION).values(values).returning(INSTALLATION)).one())


def _opened(registration: ForgeRegistration, at: datetime) -> dict[str, object]:
    return {
        "door": Door.FORGE.value,
        "forge_url": registration.url,
        "forge_installation": registration.installation,
        "forge_environment": registration.environment,
        "forge_version": registration.version,
        "forge_seen_at": at,
        "installed": True,
        "enabled": True,
        "uninstalled_at": None,
    }


def _find(connection: Connection, cloud_id: str) -> ForgeSite | None:
    row = connection.execute(select(INSTALLATION).where(_ROW.cloud_id == cloud_id)).one_or_none()
    return None if row is None else _site(row)


def _site(row: Any) -> ForgeSite:
    return ForgeSite(
        tenant=tenant_of(row),
        registration=None if row.forge_installation is None else _registration(row),
        display_url=row.display_url,
        seen_at=row.forge_seen_at,
        connected=row.secret is not None,
        heard={sign: at for sign, column in _HEARD.items() if (at := getattr(row, column.name)) is not None},
    )


def _registration(row: Any) -> ForgeRegistration:
    return ForgeRegistration(
        cloud_id=row.cloud_id,
        url=row.forge_url,
        installation=row.forge_installation,
        environment=row.forge_environment,
        version=row.forge_version,
    )
