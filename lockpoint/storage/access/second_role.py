"""A role for web and worker that may work with rows, and neither change tables nor what is written down as happened.

The owner of the tables migrates, and makes and drops partitions as the clock; where there is one role, it does all.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import Connection, text

from lockpoint.storage.tables import AUDIT_EVENT, EMAIL_LOG, INSTALLATION_EVENT, METADATA

VERSION_TABLE: Final = "alembic_version"

_STAYS: Final = {
    AUDIT_EVENT.name: ("account", "version"),
    EMAIL_LOG.name: (),
    INSTALLATION_EVENT.name: (),
}
"""Tables whose rows nobody deletes or changes, but for these columns, which an erasure empties."""

_ROLE: Final = "SELECT rolsuper OR pg_has_role(rolname, current_user, 'MEMBER') FROM pg_roles WHERE rolname = :role"
_GRANTED: Final = """
    SELECT DISTINCT pg_get_userbyid(one.grantee) FROM pg_class, aclexplode(relacl) AS one
    WHERE oid = to_regclass('installation') AND one.grantee NOT IN (0, relowner) AND one.privilege_type = 'INSERT'
"""
_TABLES: Final = """
    SELECT relname FROM pg_class
    WHERE relnamespace = to_regnamespace(current_schema()) AND relkind IN ('r', 'p') AND NOT relispartition
        AND (relname = ANY(:ours) OR relname LIKE 'procrastinate%')
"""
"""Without those of other applications in the same schema."""

_SEQUENCES: Final = """
    SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(current_schema()) AND relkind = 'S'
        AND relowner = (SELECT relowner FROM pg_class WHERE oid = to_regclass('installation'))
"""
_OURS: Final = "(relname = ANY(%s) OR relname LIKE 'procrastinate%%' OR relname = %s)"
_RIGHTS: Final = f"""
    SELECT relname FROM pg_class
    WHERE relnamespace = to_regnamespace(current_schema()) AND relkind IN ('r', 'p') AND NOT relispartition AND {_OURS}
        AND NOT (has_table_privilege(oid, 'SELECT') AND (relname = %s OR has_table_privilege(oid, 'INSERT')))
    ORDER BY relname LIMIT 1
"""  # noqa: S608 - of constants

_OWNER: Final = """
    SELECT has_schema_privilege(current_schema(), 'CREATE')
        AND coalesce(
            (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('installation')), true)
"""


class RoleRefused(Exception):
    """Its text says what to do."""


def grant(connection: Connection, role: str) -> None:
    """Give the role exactly what web and worker need, in the caller's transaction; `RoleRefused`."""
    above = connection.execute(text(_ROLE), {"role": role}).scalar_one_or_none()
    if above is None:
        raise RoleRefused(f"there is no role {role}. Create it first, with `createuser {role}` or CREATE ROLE.")
    if above:
        raise RoleRefused(f"{role} may do what the owner of the tables may. Name a role with fewer rights.")
    for table in _tables(connection):
        _run(connection, "REVOKE ALL ON {schema}.{table} FROM {role}", role, table)
    renew(connection, role)
    may_create = text("SELECT has_schema_privilege(:role, current_schema(), 'CREATE')")
    if connection.execute(may_create, {"role": role}).scalar_one():
        raise RoleRefused(
            f"{role} may still create tables, since everybody may. As owner of the database:"
            " REVOKE CREATE ON SCHEMA public FROM PUBLIC"
        )


def renew(connection: Connection, role: str) -> None:
    """Add what new tables need."""
    _run(connection, "GRANT USAGE ON SCHEMA {schema} TO {role}", role)
    for sequence in connection.execute(text(_SEQUENCES)).scalars().all():
        _run(connection, "GRANT USAGE ON SEQUENCE {schema}.{table} TO {role}", role, sequence)
    for table in _tables(connection):
        for right in _rights(table):
            _run(connection, f"GRANT {right} ON {{schema}}.{{table}} TO {{role}}", role, table)


def granted(connection: Connection) -> list[str]:
    """Return the roles that were given rights before."""
    return sorted(connection.execute(text(_GRANTED)).scalars())


def lacking(connection: psycopg.Connection[Any]) -> str | None:
    """Return a table that this connection's role may not read or add to."""
    found = connection.execute(_RIGHTS, [list(METADATA.tables), VERSION_TABLE, VERSION_TABLE]).fetchone()
    return found[0] if found else None


def may_change_tables(connection: psycopg.Connection[Any]) -> bool:
    """Whether this connection's role may make tables, and acts as the owner of ours."""
    return connection.execute(_OWNER).fetchone() == (True,)


def _tables(connection: Connection) -> list[str]:
    return list(connection.execute(text(_TABLES), {"ours": [*METADATA.tables, VERSION_TABLE]}).scalars())


def _rights(table: str) -> tuple[str, ...]:
    if table == VERSION_TABLE:
        return ("SELECT",)
    if table not in _STAYS:
        return ("SELECT, INSERT, UPDATE, DELETE",)
    columns = ", ".join(_STAYS[table])
    return ("SELECT, INSERT", f"UPDATE ({columns})") if columns else ("SELECT, INSERT",)


def _run(connection: Connection, statement: str, role: str, table: str = "") -> None:
    schema = connection.execute(text("SELECT current_schema()")).scalar_one()
    names = {"schema": sql.Identifier(schema), "role": sql.Identifier(role), "table": sql.Identifier(table or schema)}
    written = sql.SQL(statement).format(**names).as_string(connection.connection.driver_connection)
    # The driver reads a lone percent sign, which a name may have, as a parameter.
    connection.exec_driver_sql(written.replace("%", "%%"))
