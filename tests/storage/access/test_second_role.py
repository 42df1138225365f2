"""F11: web and worker may run as a role that changes no table and no row of what happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from psycopg import errors, sql

from lockpoint.services.context import Tenant
from lockpoint.services.ports.locks import Effects
from lockpoint.storage.access.fitness import role_of, trouble_of_clock, trouble_with
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.migrate import WrongDatabase, migrate
from lockpoint.storage.retention.purge import PARTITIONS, Retention
from tests.fakes.world import START, FakeClock
from tests.storage.builders import audit_event, count, witness
from tests.support.roles import second_role


@pytest.fixture
def role(database_url: str) -> Iterator[str]:
    """Granted by the owner; its address is `url`."""
    with second_role(database_url) as (name, _):
        migrate(database_url, role=name)
        yield name


@pytest.fixture
def url(database_url: str, role: str) -> str:
    return database_url.replace("//lockpoint@", f"//{role}@")


FORBIDDEN = (
    "CREATE TABLE anything (id int)",
    "DROP TABLE installation",
    "ALTER TABLE audit_event ADD COLUMN more text",
    "TRUNCATE lock_witness",
    "DELETE FROM audit_event",
    "UPDATE audit_event SET kind = 'released'",
    "UPDATE audit_event SET at = now()",
    "DELETE FROM email_log",
    "UPDATE email_log SET result = 'sent'",
    "DELETE FROM installation_event",
    "UPDATE alembic_version SET version_num = '0001'",
    "CREATE SCHEMA mine",
)


def test_the_second_role_can_neither_change_tables_nor_what_happened(url: str) -> None:
    """L-64: rows of the audit log are added and read; account and version alone change, for an erasure."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in FORBIDDEN:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement)
        partitions = "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY relname"
        for (name,) in connection.execute(partitions).fetchall():
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
        connection.execute("UPDATE audit_event SET account = 'erased-1', version = NULL")


def test_it_fits_web_and_worker_and_not_the_clock(database_url: str, url: str, role: str) -> None:
    """The start says so; a role without rights is told how it gets them."""
    found, owner = role_of(url), role_of(database_url)
    assert found is not None
    assert owner is not None
    assert ((found.name, found.changes_tables), owner.changes_tables) == ((role, False), True)
    assert (trouble_with(url), trouble_of_clock(database_url)) == (None, None)
    clock = trouble_of_clock(url)
    assert clock is not None
    assert (role in clock.text, "The clock makes and drops" in clock.text, clock.passing) == (True, True, False)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("REVOKE SELECT ON alembic_version FROM {}").format(sql.Identifier(role)))
    lacking = trouble_with(url)
    assert lacking is not None
    assert (f"migrate --grant {role}" in lacking.text, "alembic_version" in lacking.text, lacking.passing) == (
        True, True, True,
    )  # fmt: skip


def test_later_migrations_renew_what_was_granted(database_url: str, url: str, role: str) -> None:
    """Without naming the role again; rights that somebody added are left to `--grant`."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("REVOKE ALL ON lock_witness FROM {}").format(sql.Identifier(role)))
    assert trouble_with(url) is not None
    migrate(database_url)
    assert trouble_with(url) is None


def test_without_a_second_role_nobody_gets_rights(database_url: str) -> None:
    with second_role(database_url) as (_, url):
        migrate(database_url)
        with psycopg.connect(url, autocommit=True) as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM installation")


@pytest.mark.parametrize("named", ["nobody", "owner"])
def test_a_role_that_will_not_do_is_refused(database_url: str, named: str) -> None:
    """One that is not there, and one that may do all; nothing is granted."""
    owner = role_of(database_url)
    assert owner is not None
    with pytest.raises(WrongDatabase, match="no role nobody" if named == "nobody" else "fewer rights"):
        migrate(database_url, role=owner.name if named == "owner" else named)


def test_a_role_that_may_create_tables_because_everybody_may_is_refused(database_url: str) -> None:
    with second_role(database_url) as (name, _), psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        with pytest.raises(WrongDatabase, match="REVOKE CREATE ON SCHEMA public FROM PUBLIC"):
            migrate(database_url, role=name)
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        granted = connection.execute("SELECT has_table_privilege(%s, 'installation', 'SELECT')", [name]).fetchone()
        assert granted == (False,)


def test_rows_of_the_last_30_days_find_a_partition(database: Database, acme: Tenant, url: str) -> None:
    """The role cannot make one: the owner made those that a late row may need, and drops them as the clock."""
    clock = FakeClock()
    with psycopg.connect(url) as connection:
        (now,) = connection.execute("SELECT now()").fetchone() or (START,)
    clock.at = now
    second = Database(url, size=2)
    try:
        rows = tuple(audit_event(at=now - timedelta(days=days), seq=days + 1) for days in (0, 1, 15, 29))
        PostgresEffects(second, clock).record(acme, Effects(witness=witness(seen_at=now), audit=rows))
        assert Retention(second, clock, 1).purge().failed[0] == PARTITIONS
    finally:
        second.close()
    assert count(database, "audit_event") == 4
    report = Retention(database, clock, 1).purge()
    assert report.complete
    assert report.gone[PARTITIONS] > 0
    assert count(database, "audit_event") <= 2


def test_tables_of_others_in_the_same_schema_are_left_alone(database_url: str) -> None:
    with second_role(database_url) as (name, _), psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE of_another_application (word text)")
        owner.execute(sql.SQL("GRANT SELECT ON of_another_application TO {}").format(sql.Identifier(name)))
        migrate(database_url, role=name)
        asked = "SELECT has_table_privilege(%s, 'of_another_application', %s)"
        rights = [owner.execute(asked, [name, right]).fetchone() for right in ("SELECT", "INSERT")]
        assert rights == [(True,), (False,)]


def test_a_role_that_may_become_the_owner_is_refused(database_url: str) -> None:
    """Without inheriting its rights: SET ROLE is enough."""
    owner = role_of(database_url)
    assert owner is not None
    with second_role(database_url) as (name, _), psycopg.connect(database_url, autocommit=True) as connection:
        becomes = sql.SQL("GRANT {} TO {}").format(sql.Identifier(owner.name), sql.Identifier(name))
        connection.execute(sql.SQL("ALTER ROLE {} NOINHERIT").format(sql.Identifier(name)))
        connection.execute(becomes)
        with pytest.raises(WrongDatabase, match="fewer rights"):
            migrate(database_url, role=name)


def test_any_name_that_postgres_takes_is_granted(database_url: str) -> None:
    with second_role(database_url) as (name, _), psycopg.connect(database_url, autocommit=True) as connection:
        odd = sql.Identifier(f'{name} 100% "odd" {{x}}')
        connection.execute(sql.SQL("CREATE ROLE {}").format(odd))
        try:
            migrate(database_url, role=f'{name} 100% "odd" {{x}}')
            granted = "SELECT has_table_privilege(%s, 'installation', 'INSERT')"
            assert connection.execute(granted, [f'{name} 100% "odd" {{x}}']).fetchone() == (True,)
        finally:
            connection.execute(sql.SQL("DROP OWNED BY {}").format(odd))
            connection.execute(sql.SQL("DROP ROLE {}").format(odd))
