from typing import Any

import pytest

from lockpoint.storage.backup.backups import Backups
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import Keyring
from tests.fakes.world import FakeClock
from tests.support import databases


@pytest.fixture
def backups(database: Database, keys: Keyring, clock: FakeClock) -> Backups:
    return Backups(database, keys, clock)


@pytest.fixture
def empty(servers: databases.Addresses, worker_id: str) -> Any:
    """A second, migrated, empty database."""
    with databases.database(servers, worker_id) as url:
        fresh = Database(url, size=4)
        yield fresh
        fresh.close()
