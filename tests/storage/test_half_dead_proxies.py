"""Postgres behind a proxy that stops forwarding what it has, and forwards new connections."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from lockpoint.services.errors import StorageUnavailable
from lockpoint.storage.engine import Database
from lockpoint.storage.retention import chores
from lockpoint.storage.retention.chores import ClockLeadership
from tests.support.half_dead_proxy import HalfDeadProxy, half_dead_proxy

PATIENCE = 1.0  # seconds for a statement; its connection is given up two seconds later


@pytest.fixture
def proxy(database_url: str) -> Iterator[HalfDeadProxy]:
    with half_dead_proxy(database_url) as proxy:
        yield proxy


@pytest.fixture
def behind(proxy: HalfDeadProxy) -> Iterator[Database]:
    database = Database(proxy.url, size=4, statement_seconds=PATIENCE)
    yield database
    database.close()


def plain(database: Database) -> None:
    database.ping()


def through_the_driver(database: Database) -> None:
    with database.driver() as driver:
        driver.execute("SELECT 1")


def in_a_transaction(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("SELECT 1"))


@pytest.mark.parametrize("use", [plain, through_the_driver, in_a_transaction])
def test_one_silent_connection_ends_all_of_its_age(
    proxy: HalfDeadProxy, behind: Database, use: Callable[[Database], None]
) -> None:
    """A5: one call fails in bounded time; the next ones get new connections, where a silent one would fail."""
    with behind.single(), behind.single(), behind.single(), behind.single():
        pass
    assert proxy.freeze() == 4
    began = time.monotonic()
    with pytest.raises(StorageUnavailable):
        use(behind)
    assert time.monotonic() - began < PATIENCE + 4
    for _ in range(8):
        use(behind)


def test_callers_that_hang_together_are_well_together(proxy: HalfDeadProxy, behind: Database) -> None:
    """A5: as many as the pool has connections, and more that wait for one."""
    with behind.single(), behind.single(), behind.single(), behind.single():
        pass
    proxy.freeze()

    def call(_number: int) -> bool:
        try:
            behind.ping()
        except StorageUnavailable:
            return False
        return True

    began = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(call, range(8)))
        assert time.monotonic() - began < 2 * (PATIENCE + 4)
        assert all(threads.map(call, range(8)))


def test_an_idle_session_that_its_process_lost_ends(
    proxy: HalfDeadProxy, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    """A5: or its advisory lock would keep every other clock from leading."""
    monkeypatch.setattr(chores, "_ANSWER_SECONDS", PATIENCE)
    monkeypatch.setattr(chores, "_IDLE_MILLISECONDS", 4000)
    leadership = ClockLeadership(proxy.url)
    assert leadership.held()
    proxy.freeze()
    end = time.monotonic() + 15
    while not leadership.held():
        assert time.monotonic() < end
        time.sleep(0.2)
    leadership.resign()
    with database.single() as connection:
        assert connection.execute(text("SHOW idle_session_timeout")).scalar_one() == "1min"
