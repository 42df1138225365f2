import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.storage.engine import Database
from lockpoint.storage.retention.chores import PostgresUpkeep
from lockpoint.storage.tenancy.site_states import PostgresSiteStates
from tests.fakes.world import FakeClock

KILL_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def upkeep(database: Database, clock: FakeClock) -> Iterator[PostgresUpkeep]:
    upkeep = PostgresUpkeep(database, clock)
    yield upkeep
    upkeep.resign()


def test_one_of_two_clocks_leads(upkeep: PostgresUpkeep, database: Database, clock: FakeClock) -> None:
    """F41: the second takes over when the first resigns."""
    other = PostgresUpkeep(database, clock)
    assert upkeep.lead()
    assert not other.lead()
    assert upkeep.lead()
    upkeep.resign()
    assert other.lead()
    assert not upkeep.lead()
    other.resign()


def test_a_leader_without_its_connection_does_not_lead(
    upkeep: PostgresUpkeep, database: Database, clock: FakeClock
) -> None:
    """It loses the leadership with the connection."""
    assert upkeep.lead()
    with database.single() as connection:
        connection.execute(KILL_OTHERS)
    other = PostgresUpkeep(database, clock)
    assert other.lead()
    assert not upkeep.lead()
    other.resign()


def test_without_a_database_nobody_leads(clock: FakeClock) -> None:
    assert not PostgresUpkeep(Database("postgresql://nobody@/nowhere?host=/nonexistent"), clock).lead()


def test_the_chores_are_done(upkeep: PostgresUpkeep) -> None:
    """Each returns how much it did."""
    assert upkeep.make_partitions() > 0
    assert upkeep.make_partitions() == 0
    assert upkeep.requeue_stalled() == 0
    assert upkeep.live_locks() == 0
    assert list(upkeep.without_witness()) == []
    assert upkeep.purge().total == 0


def test_a_site_s_configuration_is_changed_by_one_at_a_time(database: Database, acme: Tenant, globex: Tenant) -> None:
    """One advisory lock per site; the block is not a transaction."""
    states, order = PostgresSiteStates(database), []
    inside, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with states.exclusive(acme):
            inside.set()
            go_on.wait(5)
            order.append("first")

    def second() -> None:
        with states.exclusive(acme):
            order.append("second")

    threads = [threading.Thread(target=work) for work in (first, second)]
    threads[0].start()
    assert inside.wait(5)
    threads[1].start()
    with states.exclusive(globex):
        order.append("globex")
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert order == ["globex", "first", "second"]


def test_waiting_for_a_site_ends(database: Database, acme: Tenant) -> None:
    """After some seconds the caller gets StorageUnavailable."""
    states = PostgresSiteStates(database)

    def again() -> None:
        with states.exclusive(acme):
            raise AssertionError("two at a time")

    with states.exclusive(acme), pytest.raises(StorageUnavailable):
        again()


def test_an_error_inside_gives_the_site_back(database: Database, acme: Tenant) -> None:
    states = PostgresSiteStates(database)

    def fail() -> None:
        with states.exclusive(acme):
            raise ValueError

    for _ in range(2):
        with pytest.raises(ValueError, match=r"^$"):
            fail()
