import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.storage.engine import Database, libpq_url
from lockpoint.storage.locks.witness import PostgresWitnesses
from tests.support.limits import no_more_files
from tests.support.round_trips import round_trips

KILL_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
OTHERS = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
ONE = text("SELECT 1")


def test_a_connection_that_the_server_closed_is_replaced(database: Database, database_url: str) -> None:
    """F33: a fail-over cuts every idle connection."""
    killer = Database(database_url)
    with database.single() as first, database.single() as second:
        first.execute(ONE)
        second.execute(ONE)
    with killer.single() as connection:
        connection.execute(KILL_OTHERS)
        while connection.execute(OTHERS).scalar_one():
            time.sleep(0.01)
    killer.close()
    for _ in range(3):
        with database.single() as connection:
            assert connection.execute(ONE).scalar_one() == 1


def test_a_connection_cut_in_the_middle_has_our_name(database: Database, database_url: str) -> None:
    """F33: and the transaction is rolled back."""
    killer = Database(database_url)

    def interrupted() -> None:
        with database.transaction() as connection:
            connection.execute(text("INSERT INTO creation_guard VALUES (1, 'a', 'o', now())"))
            with killer.single() as other:
                other.execute(KILL_OTHERS)
            connection.execute(ONE)

    with pytest.raises(StorageUnavailable):
        interrupted()
    killer.close()
    with database.single() as connection:
        assert connection.execute(text("SELECT count(*) FROM creation_guard")).scalar_one() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SET LOCAL statement_timeout = 50; SELECT pg_sleep(5)",
        "SET LOCAL transaction_read_only = on; DELETE FROM creation_guard",
        "DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full';END $$",
        "DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = 'serialization_failure';END $$",
        "DO $$ BEGIN RAISE EXCEPTION 'stop' USING ERRCODE = 'admin_shutdown';END $$",
    ],
)
def test_trouble_of_the_server_has_our_name(database: Database, statement: str) -> None:
    """F33: a frozen, read-only, full or stopping server, or a lost race; nothing of its text."""

    def run() -> None:
        with database.transaction() as connection:
            for part in statement.split("; "):
                connection.execute(text(part))

    with pytest.raises(StorageUnavailable, match=r"^\w+$"):
        run()


def test_an_exhausted_pool_has_our_name(database_url: str) -> None:
    """F33: after a bounded wait."""
    small = Database(database_url, size=1, wait=0.1)

    def second() -> None:
        with small.single():
            pass

    with small.single(), pytest.raises(StorageUnavailable):
        second()
    small.close()


def test_a_process_without_file_descriptors_has_no_database(database: Database) -> None:
    """F49: and nothing lasts: the next connection works."""
    with no_more_files(), pytest.raises(StorageUnavailable):
        database.ping()
    database.ping()


def test_our_own_mistakes_keep_their_name(database: Database) -> None:
    """F33: a violated constraint is a bug."""
    insert = text("INSERT INTO lock_witness (tenant_id) VALUES (1)")

    def run() -> None:
        with database.single() as connection:
            connection.execute(insert)

    with pytest.raises(IntegrityError):
        run()


@pytest.mark.parametrize(
    ("count", "shape"), [(65_536, "SELECT {}"), (2_000, "SELECT {}")], ids=["parameters", "columns"]
)
def test_a_statement_that_is_too_large_is_our_mistake(database: Database, count: int, shape: str) -> None:
    """H1: the database answers, and the next statement works."""
    names = [f"p{number}" for number in range(count)]
    statement = text(shape.format(", ".join(f":{name}" for name in names)))

    def run() -> None:
        with database.single() as connection:
            connection.execute(statement, dict.fromkeys(names, 1))

    with pytest.raises(OperationalError):
        run()
    database.ping()


def test_times_are_utc(database: Database) -> None:
    """Whatever the server's setting."""
    with database.single() as connection:
        assert connection.execute(text("SHOW timezone")).scalar_one() == "UTC"
        assert str(connection.execute(text("SELECT now()")).scalar_one().tzinfo) in {"UTC", "Etc/UTC"}


def test_libpq_takes_the_address() -> None:
    """Host folders and passwords are kept."""
    url = "postgresql+psycopg://me:p%40ss@/db?host=/a/b"
    assert libpq_url(url) == "postgresql://me:p%40ss@/db?host=%2Fa%2Fb"


def test_a_look_up_is_one_round_trip(database: Database, acme: Tenant, tmp_path: Path) -> None:
    """For a webhook about unlocked files."""
    witnesses = PostgresWitnesses(database)
    witnesses.held_among(acme, ["1"])
    with round_trips(database, tmp_path) as trips:
        witnesses.held_among(acme, ["1", "2", "3"])
    assert len(trips) == 1


def test_a_transaction_that_was_left_open_is_rolled_back(database_url: str) -> None:
    """Connections come back as they went: the pool itself resets none, since nearly all are in autocommit."""
    database = Database(database_url, size=1)
    with database.driver() as driver:
        driver.execute("BEGIN")
        driver.execute("CREATE TABLE left_open ()")
    with database.single() as connection:
        assert connection.execute(text("SELECT to_regclass('left_open')")).scalar_one() is None
    database.close()
