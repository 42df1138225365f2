"""The installations; their secrets are sealed before they reach the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from psycopg.rows import namedtuple_row
from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert

from lockpoint.services.context import Door, Tenant
from lockpoint.services.ports.jobs import Job
from lockpoint.services.ports.tenancy import ERASED, Installation, InstallationEvent, Registration
from lockpoint.storage.advisory_locks import Purpose, hold_names_in_transaction
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import enqueue
from lockpoint.storage.keyring import Keyring, SecretUnreadable
from lockpoint.storage.tables import INSTALLATION, INSTALLATION_EVENT, LOCK_WITNESS
from lockpoint.storage.tenancy.reactivation import come_back

_ROW: Final = INSTALLATION.c
_ACTIVE: Final = _ROW.installed & _ROW.enabled

_FIND: Final = f"SELECT {', '.join(_ROW.keys())} FROM installation WHERE client_key = %s"  # noqa: S608 - our columns

# A transaction that a snapshot does not see is not older than the oldest that it knew to run. Ages below 0 are those of
# rows so old that their transaction's number came round again.
_CHANGED: Final = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text, count(*),
        coalesce(array_agg(client_key) FILTER (WHERE age(xmin) BETWEEN 0 AND age(%s::text::xid8::xid)), '{}')
    FROM installation
"""


class PostgresTenants:
    def __init__(self, database: Database) -> None:
        self._database = database

    def by_id(self, tenant_id: int) -> Tenant | None:
        with self._database.single() as connection:
            row = connection.execute(select(INSTALLATION).where(_ROW.id == tenant_id)).one_or_none()
        return None if row is None else tenant_of(row)

    def active(self) -> Sequence[Tenant]:
        return self._all(_ACTIVE)

    def active_ids(self) -> Sequence[int]:
        with self._database.single() as connection:
            return connection.execute(select(_ROW.id).where(_ACTIVE).order_by(_ROW.id)).scalars().all()

    def installed(self) -> Sequence[Tenant]:
        return self._all(_ROW.installed)

    def without_witness(self) -> Sequence[Tenant]:
        return self._all(_ACTIVE & ~select(1).where(LOCK_WITNESS.c.tenant_id == _ROW.id).exists())

    def live_locks(self) -> int:
        statement = (
            select(func.count())
            .select_from(LOCK_WITNESS.join(INSTALLATION, LOCK_WITNESS.c.tenant_id == _ROW.id))
            .where(_ACTIVE, LOCK_WITNESS.c.holder.is_not(None))
        )
        with self._database.single() as connection:
            return connection.execute(statement).scalar_one()

    def _all(self, condition: ColumnElement[bool]) -> Sequence[Tenant]:
        with self._database.single() as connection:
            return [
                tenant_of(row) for row in connection.execute(select(INSTALLATION).where(condition).order_by(_ROW.id))
            ]


class PostgresInstallations:
    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    def find(self, site_key: str) -> Installation | None:
        """By a constant statement: it is asked before every call to Confluence."""
        with self._database.driver() as driver:
            row = driver.cursor(row_factory=namedtuple_row).execute(_FIND, [site_key], prepare=True).fetchone()
        return None if row is None else _installation(row, self._keys)

    def changed(self, since: str | None) -> tuple[str, frozenset[str] | None]:
        before, count_before = (since or "0 0").split()
        with self._database.driver() as driver:
            row = driver.execute(_CHANGED, [before], prepare=True).fetchone()
        oldest, count, site_keys = row or ("0", 0, [])
        lost = since is None or count < int(count_before)
        return f"{oldest} {count}", None if lost else frozenset(site_keys)

    @contextmanager
    def change(self, site_key: str, base_url: str | None = None) -> Iterator[PostgresInstallationChange]:
        """Installs, which name a base URL, run one after another.

        Each may end the row of another client key: two that swap addresses would deadlock.
        """
        names = [f"client {site_key}"] + ([] if base_url is None else ["every site"])
        with self._database.transaction() as connection:
            hold_names_in_transaction(connection, Purpose.INSTALLATION, names)
            yield PostgresInstallationChange(connection, self._keys)


class PostgresInstallationChange:
    def __init__(self, connection: Connection, keys: Keyring) -> None:
        self._connection = connection
        self._keys = keys

    def find(self, site_key: str) -> Installation | None:
        return _one(self._connection, self._keys, _ROW.client_key == site_key)

    def find_replaced(self, site_key: str) -> Installation | None:
        return _one(self._connection, self._keys, _ROW.client_key == site_key, lost_ones_count=False)

    def sharing(self, base_url: str, *, other_than: str) -> Sequence[Installation]:
        statement = (
            select(INSTALLATION)
            .where(_ROW.base_url == base_url, _ROW.client_key != other_than, _ROW.installed)
            .order_by(_ROW.id)
        )
        return [_installation(row, self._keys, lost_ones_count=False) for row in self._connection.execute(statement)]

    def store(self, registration: Registration) -> Tenant:
        values = self._values(registration)
        statement = insert(INSTALLATION).values(client_key=registration.site_key, **values)
        row = self._connection.execute(
            statement.on_conflict_do_update(index_elements=[_ROW.client_key], set_=values).returning(INSTALLATION)
        ).one()
        return tenant_of(row)

    def log(self, tenant_id: int, event: InstallationEvent, at: datetime) -> None:
        self._connection.execute(plain_insert(INSTALLATION_EVENT).values(tenant_id=tenant_id, event=event.value, at=at))

    def come_back(self, tenant_id: int) -> None:
        come_back(self._connection, [tenant_id])

    def defer(self, jobs: Sequence[Job]) -> None:
        enqueue(self._connection, jobs)

    def _values(self, registration: Registration) -> dict[str, object]:
        owner = registration.site_key
        return {
            "base_url": registration.base_url,
            "display_url": registration.display_url,
            "oauth_client_id": registration.oauth_client_id,
            "secret": self._sealed(registration.secret, owner),
            "previous_secret": self._sealed(registration.previous_secret, owner),
            "secret_changed_at": registration.secret_changed_at,
            "installed": registration.installed,
            "enabled": registration.enabled,
            "uninstalled_at": registration.uninstalled_at,
            "door": registration.door.value,
        }

    def _sealed(self, secret: str | None, owner: str) -> str | None:
        return None if secret is None else self._keys.seal(secret, owner)


def _one(
    connection: Connection, keys: Keyring, condition: ColumnElement[bool], *, lost_ones_count: bool = True
) -> Installation | None:
    row = connection.execute(select(INSTALLATION).where(condition)).one_or_none()
    return None if row is None else _installation(row, keys, lost_ones_count=lost_ones_count)


def tenant_of(row: Any) -> Tenant:
    """Behind the Forge door, calls go to its gateway, and Connect's address is for links."""
    forge = row.door == Door.FORGE.value
    return Tenant(
        id=row.id,
        site_key=row.client_key,
        base_url=row.forge_url or ERASED if forge else row.base_url,
        display_url=row.display_url or (row.base_url or None if forge else None),
        oauth_client_id=row.oauth_client_id,
        installed=row.installed,
        enabled=row.enabled,
        returned_at=row.returned_at,
        door=Door(row.door),
        cloud_id=row.cloud_id,
        app_accounts=frozenset(row.app_accounts),
        former_key=row.former_key,
    )


def _installation(row: Any, keys: Keyring, *, lost_ones_count: bool = True) -> Installation:
    """`SecretUnreadable` for the present secret where lost ones count; a former one is optional."""
    registration = Registration(
        site_key=row.client_key,
        base_url=row.base_url,
        display_url=row.display_url,
        oauth_client_id=row.oauth_client_id,
        secret=_opened(row, row.secret, keys, lost_ones_count=lost_ones_count),
        previous_secret=_opened(row, row.previous_secret, keys, lost_ones_count=False),
        secret_changed_at=row.secret_changed_at,
        installed=row.installed,
        enabled=row.enabled,
        uninstalled_at=row.uninstalled_at,
        door=Door(row.door),
    )
    return Installation(tenant_of(row), registration)


def _opened(row: Any, sealed: str | None, keys: Keyring, *, lost_ones_count: bool) -> str | None:
    if sealed is None:
        return None
    try:
        return keys.unseal(sealed, row.client_key)
    except SecretUnreadable as error:
        if not lost_ones_count:
            return None
        raise SecretUnreadable(f"the shared secret of site {row.id} cannot be read: {error}") from None
