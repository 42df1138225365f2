from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import procrastinate
import psycopg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine, make_url, text

from lockpoint.storage.migrate import configuration, migrate
from lockpoint.storage.tables import METADATA, PARTITIONED
from tests.support.checkout import ROOT

RELATIONS = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')"


def test_processes_that_migrate_at_once_wait_for_each_other(empty_url: str) -> None:
    """Several dynos start together; the coming days have partitions."""
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(migrate, [empty_url] * 3))
    with psycopg.connect(empty_url) as connection:
        names = {name for (name,) in connection.execute(RELATIONS)}
    assert set(METADATA.tables) | {"procrastinate_jobs"} <= names
    for parent in PARTITIONED:
        assert len([name for name in names if name.startswith(f"{parent}_2")]) == 9


def test_the_schema_is_what_the_tables_say(database_url: str) -> None:
    def ours(name: str | None, kind: str, parents: object) -> bool:
        del parents
        queue_or_partition = name is not None and name.startswith(("procrastinate_", "audit_event_2", "email_log_2"))
        return kind != "table" or not queue_or_partition

    engine = create_engine(make_url(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": ours, "compare_type": True, "target_metadata": METADATA}
        )
        assert compare_metadata(context, METADATA) == []
        unique = "SELECT indexdef FROM pg_indexes WHERE indexname = 'audit_event_once_key'"
        assert "NULLS NOT DISTINCT" in connection.execute(text(unique)).scalar_one()


def test_down_leaves_nothing_and_up_again_works(empty_url: str) -> None:
    migrate(empty_url)
    with create_engine(make_url(empty_url), poolclass=NullPool).connect() as connection:
        command.downgrade(configuration(connection), "base")
        left = set(connection.execute(text(RELATIONS)).scalars())
        types = connection.execute(text("SELECT count(*) FROM pg_type WHERE typname LIKE 'procrastinate%'"))
        functions = connection.execute(text("SELECT count(*) FROM pg_proc WHERE proname LIKE 'procrastinate%'"))
        assert (left, types.scalar_one(), functions.scalar_one()) == ({"alembic_version"}, 0, 0)
        connection.rollback()
    migrate(empty_url)


def test_of_two_rows_for_one_write_one_is_left(empty_url: str) -> None:
    """A row that its writer recorded goes before a recovered one, and what happened before a guessed erasure."""
    rows = """
        INSERT INTO audit_event (tenant_id, at, kind, attachment_id, epoch, seq, recovered) VALUES
        (1, now(), 'extended', '1', 1, 2, true), (1, now(), 'signed_again', '1', 1, 2, false),
        (1, now(), 'person_erased', '1', 1, 3, false), (1, now(), 'released', '1', 1, 3, false),
        (1, now(), 'acquired', '1', 1, 1, false), (1, now(), 'duplicate_removed', '1', 1, 1, false),
        (2, now(), 'released', '1', 1, 3, false), (1, now(), 'conflict', '1', 0, 0, false)
    """
    migrate(empty_url)
    with create_engine(make_url(empty_url), poolclass=NullPool).connect() as connection:
        command.downgrade(configuration(connection), "0005_open_erasures")
        connection.execute(text(rows))
        connection.commit()
    migrate(empty_url)
    with psycopg.connect(empty_url) as connection:
        left = connection.execute("SELECT tenant_id, epoch, seq, kind FROM audit_event ORDER BY 1, 2, 3, 4").fetchall()
    assert left == [
        (1, 0, 0, "conflict"), (1, 0, 0, "duplicate_removed"),
        (1, 1, 1, "acquired"), (1, 1, 2, "signed_again"), (1, 1, 3, "released"), (2, 1, 3, "released"),
    ]  # fmt: skip


def test_what_is_stored_survives_the_way_up_and_down(empty_url: str) -> None:
    """A licence "returning" becomes licensed and returned."""
    migrate(empty_url)
    with create_engine(make_url(empty_url), poolclass=NullPool).connect() as connection:
        command.downgrade(configuration(connection), "0003_usage_licence")
        connection.execute(
            text(
                "INSERT INTO installation (client_key, base_url, installed, enabled, licence)"
                " VALUES ('k', 'https://k.example/wiki', true, true, 'returning')"
            )
        )
        connection.execute(text("INSERT INTO erasure VALUES (1, 1, 'a:1', 'erased-1', now(), NULL)"))
        connection.commit()
        command.upgrade(configuration(connection), "head")
        site = connection.execute(text("SELECT licence, returned_at IS NOT NULL FROM installation")).one()
        assert tuple(site) == ("active", True)
        assert connection.execute(text("SELECT account, skipped FROM erasure")).one() == ("a:1", 0)
        command.downgrade(configuration(connection), "0003_usage_licence")
        assert connection.execute(text("SELECT client_key, licence FROM installation")).one() == ("k", "active")
        assert connection.execute(text("SELECT account FROM erasure")).scalar_one() == "a:1"
        connection.commit()
    migrate(empty_url)


def test_the_queue_s_schema_is_the_installed_one_s() -> None:
    """A procrastinate update with another schema fails here until a migration follows."""
    shipped = Path(procrastinate.__file__).parent / "sql" / "schema.sql"
    kept = (ROOT / "migrations" / "procrastinate_3_10.sql").read_text(encoding="utf-8")
    assert kept.endswith(shipped.read_text(encoding="utf-8"))
    assert version("procrastinate").startswith("3.10.")


def test_every_table_of_a_tenant_says_whose_it_is() -> None:
    """The installation is the tenant."""
    without = [name for name, table in METADATA.tables.items() if "tenant_id" not in table.columns]
    # Usage counts name their site by a keyed hash, on purpose.
    assert without == ["installation", "usage_daily"]
