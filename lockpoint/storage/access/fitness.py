"""Whether a database will do, told in a sentence with what to do; never with a password."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from sqlalchemy import make_url, text

from lockpoint.storage.access.second_role import lacking, may_change_tables
from lockpoint.storage.engine import SESSION, STATEMENT_SECONDS, Database, answering, libpq_url
from lockpoint.storage.migrate import OLDEST_POSTGRES, newest_migration

_BEHIND_A_POOLER: Final = (
    "a connection pooler such as PgBouncer is in front of PostgreSQL and keeps the settings of our sessions away from"
    " it. Set the address of PostgreSQL itself; each process has its own pool (docs/operations.md)."
)
_LASTING: Final = (
    (re.compile("unsupported startup parameter"), _BEHIND_A_POOLER),
    (
        re.compile("password authentication failed|no password supplied|role .* does not exist|no pg_hba.conf entry"),
        "{server} does not accept this user. Correct user and password in the address, or allow the user there.",
    ),
    (
        re.compile("Peer authentication failed"),
        "{server} lets in only the Unix user of that name. Run this as the user of the services (docs/operations.md).",
    ),
    (
        re.compile("database .* does not exist"),
        "{server} has no database {name}. Create it, or correct the address.",
    ),
    (
        re.compile("does not support SSL"),
        "{server} offers no TLS. Set TLS up there; in a net of your own, LOCKPOINT_PLAIN_TEXT_HOSTS may name the host.",
    ),
    (
        re.compile("certificate verify failed|root certificate file"),
        "the certificate of {server} cannot be checked. Give PGSSLROOTCERT the file of its authority.",
    ),
)
"""What libpq and PostgreSQL say in English; in another language it counts as passing."""

_AWAY: Final = "{server} does not answer, or not to us. Start it, or correct the address."
_TOO_OLD: Final = "{server} is older than PostgreSQL 16. Upgrade it, or set another address."
_BEHIND: Final = "the tables in {name} on {server} are older than this program. Run `lockpoint migrate`."
_LACKS: Final = (
    "the role {role} may not work with the table {table} on {server}. As the owner of the tables, run"
    " `lockpoint migrate --grant {role}`."
)
_NOT_OWNER: Final = (
    "the role {role} on {server} may not change tables. The clock makes and drops parts of them each day: give it the"
    " role that owns them; web and worker alone may have another."
)
_FOUND: Final = "SELECT to_regclass('alembic_version') IS NOT NULL"
_APPLIED: Final = "SELECT max(version_num) FROM alembic_version"


@dataclass(frozen=True, slots=True)
class Trouble:
    """`passing`: it may end by itself, or by another process."""

    text: str
    passing: bool = False


def trouble_with(url: str) -> Trouble | None:
    """Connect once, for five seconds at most."""
    place = _place(url)
    try:
        with answering(STATEMENT_SECONDS).connect(libpq_url(url), connect_timeout=5, options=SESSION) as connection:
            return _unfit(connection, place)
    except psycopg.OperationalError as error:
        said = str(error)
    for pattern, sentence in _LASTING:
        if pattern.search(said):
            return Trouble(_told(sentence, place))
    return Trouble(_told(_AWAY, place), passing=True)


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    changes_tables: bool


def role_of(url: str) -> Role | None:
    """Connect once, for five seconds at most; None while there is no answer."""
    try:
        with answering(STATEMENT_SECONDS).connect(libpq_url(url), connect_timeout=5, options=SESSION) as connection:
            return Role(connection.info.user, may_change_tables(connection))
    except psycopg.OperationalError:
        return None


def trouble_of_clock(url: str) -> Trouble | None:
    """What only the process that makes partitions must be able to do."""
    role = role_of(url)
    if role is None or role.changes_tables:
        return None
    return Trouble(_told(_NOT_OWNER, {**_place(url), "role": role.name}))


class Schema:
    """The tables as a process meets them. Newer ones than its own do: an upgrade is under way."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._current = False

    def is_behind(self) -> bool:
        """`StorageUnavailable`; tables that were new enough once are not looked at again."""
        if not self._current:
            with self._database.single() as connection:
                found = connection.execute(text(_FOUND)).scalar_one()
                applied = connection.execute(text(_APPLIED)).scalar() if found else None
            self._current = not _is_behind(applied)
        return not self._current


def _unfit(connection: psycopg.Connection[Any], place: dict[str, str]) -> Trouble | None:
    if connection.info.server_version < OLDEST_POSTGRES:
        return Trouble(_told(_TOO_OLD, place))
    if connection.execute("SHOW lock_timeout").fetchone() != ("5s",):
        return Trouble(_told(_BEHIND_A_POOLER, place))
    if (table := lacking(connection)) is not None:
        return Trouble(_told(_LACKS, {**place, "role": connection.info.user, "table": table}), passing=True)
    applied = None
    if connection.execute(_FOUND).fetchone() == (True,):
        (applied,) = connection.execute(_APPLIED).fetchone() or (None,)
    return Trouble(_told(_BEHIND, place), passing=True) if _is_behind(applied) else None


def _is_behind(applied: str | None) -> bool:
    """Names of migrations begin with their number."""
    return applied is None or applied[:4] < newest_migration()


def _place(url: str) -> dict[str, str]:
    address = make_url(url)
    host = address.query.get("host", address.host or "this machine")
    port = f":{address.port}" if address.port else ""
    return {"server": f"the database server at {host}{port}", "name": address.database or "(none)"}


def _told(sentence: str, place: dict[str, str]) -> str:
    return f"DATABASE_URL: {sentence.format(**place)}"
