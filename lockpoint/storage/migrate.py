"""Migrations; safe to run from several places at once."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, make_url, text

from lockpoint.storage.access import second_role
from lockpoint.storage.advisory_locks import Purpose
from lockpoint.storage.partitions import ahead, ensure, kept

_PACKAGE: Final = Path(__file__).parents[1]
_PLACES: Final = (_PACKAGE.parent / "migrations", _PACKAGE / "migrations")
"""Beside the package in a checkout, inside it in a wheel."""

NOT_THE_OWNER: Final = (
    "DATABASE_URL: this role may not change the tables. Use the one that owns them, as for the clock."
)
OLDEST_POSTGRES: Final = 160_000


class WrongDatabase(Exception):
    """The server is too old, the migrations are missing, or a second role will not do."""


def migrate(database_url: str, revision: str = "head", *, role: str | None = None) -> None:
    """Apply the missing migrations, create the partitions around today, and let `role` work with the tables.

    Roles that could do so before can afterwards. A second caller waits and finds nothing to do. Raises
    `WrongDatabase` or SQLAlchemy's errors.
    """
    engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        if connection.connection.dbapi_connection.info.server_version < OLDEST_POSTGRES:  # type: ignore[union-attr]
            raise WrongDatabase("PostgreSQL 16 or newer is needed")
        if not second_role.may_change_tables(connection.connection.driver_connection):  # type: ignore[arg-type]
            raise WrongDatabase(NOT_THE_OWNER)
        _alone(connection)
        command.upgrade(configuration(connection), revision)
        with connection.begin():
            now = connection.execute(text("SELECT now()")).scalar_one()
            ensure(connection, ahead(now))
            _second_roles(connection, role, now)


def _second_roles(connection: Connection, role: str | None, now: datetime) -> None:
    if role is not None:
        try:
            second_role.grant(connection, role)
        except second_role.RoleRefused as refused:
            raise WrongDatabase(str(refused)) from None
    roles = second_role.granted(connection)
    for known in roles:
        second_role.renew(connection, known)
    if roles:
        # A row that finds no partition makes one, which such a role may not.
        ensure(connection, kept(now))


@cache
def newest_migration() -> str:
    """Return its number; `WrongDatabase`."""
    return max(script.name for script in (_folder() / "versions").glob("[0-9]*.py"))[:4]


def revisions() -> frozenset[str]:
    """Those that this program knows; `WrongDatabase`."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(_scripts()).walk_revisions())


def configuration(connection: Connection) -> Config:
    config = _scripts()
    config.attributes["connection"] = connection
    return config


def _scripts() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    return config


def _alone(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:purpose, 0)"), {"purpose": Purpose.MIGRATION.value})
    connection.commit()


def _folder() -> Path:
    for place in _PLACES:
        if (place / "env.py").is_file():
            return place
    raise WrongDatabase("the folder migrations/ is missing")
