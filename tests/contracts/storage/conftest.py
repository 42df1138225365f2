from collections.abc import Iterator

import pytest

from lockpoint.storage.engine import Database
from tests.contracts.storage.stores import Store, in_memory, on_postgres
from tests.fakes.world import FakeClock


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    clock = FakeClock()
    if request.param == "memory":
        yield in_memory(clock)
        return
    database = Database(request.getfixturevalue("database_url"), size=8)
    yield on_postgres(clock, database)
    database.close()
