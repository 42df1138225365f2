from collections.abc import Iterator

import psycopg
import pytest
import redis

from lockpoint.services.context import Tenant
from lockpoint.services.ports.tenancy import Registration
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import Keyring, keyring
from lockpoint.storage.redis_mutexes import connect
from lockpoint.storage.tenancy.installations import PostgresInstallations
from tests.fakes.world import FakeClock
from tests.support import databases


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keys() -> Keyring:
    return keyring(["an invented root key of more than 32 characters"])


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, size=8)
    yield database
    database.close()


@pytest.fixture
def empty_url(servers: databases.Addresses, worker_id: str) -> Iterator[str]:
    """A database without any table."""
    name, control = f"empty_{worker_id}", servers.postgres.format("postgres")
    with psycopg.connect(control, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    yield servers.postgres.format(name)
    with psycopg.connect(control, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def cache(redis_url: str) -> Iterator[redis.Redis]:
    with connect(redis_url) as client:
        yield client


@pytest.fixture
def installations(database: Database, keys: Keyring) -> PostgresInstallations:
    return PostgresInstallations(database, keys)


def install(installations: PostgresInstallations, site_key: str, **values: object) -> Tenant:
    registration = {"base_url": f"https://{site_key}.example/wiki", "secret": f"secret of {site_key}", **values}
    with installations.change(site_key) as change:
        return change.store(Registration(site_key=site_key, **registration))


@pytest.fixture
def acme(installations: PostgresInstallations) -> Tenant:
    return install(installations, "acme")


@pytest.fixture
def globex(installations: PostgresInstallations) -> Tenant:
    return install(installations, "globex")
