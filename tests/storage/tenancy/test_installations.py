from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.tenancy import Installation, InstallationEvent, Registration
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import INSTALLATION, INSTALLATION_EVENT
from lockpoint.storage.tenancy.installations import PostgresInstallations, PostgresTenants
from tests.fakes.world import START, FakeClock
from tests.storage.builders import count, everything, queue, witness
from tests.storage.conftest import install

FULL = Registration(
    site_key="acme",
    base_url="https://acme.example/wiki",
    display_url="https://wiki.acme.example",
    oauth_client_id="client",
    secret="the shared secret",
    previous_secret="the former secret",
    secret_changed_at=START,
)


def store(installations: PostgresInstallations, registration: Registration) -> Tenant:
    with installations.change(registration.site_key, registration.base_url) as change:
        return change.store(registration)


def test_a_registration_comes_back_whole(installations: PostgresInstallations) -> None:
    tenant = store(installations, FULL)
    assert installations.find("acme") == Installation(tenant, FULL)
    assert installations.find("globex") is None


def test_no_shared_secret_lies_in_clear_in_the_database(
    installations: PostgresInstallations, database: Database
) -> None:
    """The previous secret is encrypted, too."""
    store(installations, FULL)
    text = everything(database)
    assert "acme.example" in text
    assert "the shared secret" not in text
    assert "the former secret" not in text


def test_an_erased_secret_is_gone(installations: PostgresInstallations, database: Database) -> None:
    tenant = store(installations, FULL)
    store(installations, replace(FULL, secret=None, previous_secret=None, installed=False, enabled=False))
    with database.single() as connection:
        row = connection.execute(select(INSTALLATION)).one()
    assert (row.secret, row.previous_secret) == (None, None)
    found = PostgresTenants(database).by_id(tenant.id)
    assert found is not None
    assert not found.active
    assert PostgresTenants(database).active() == []


def test_reinstalling_keeps_the_tenant(installations: PostgresInstallations, database: Database) -> None:
    first = store(installations, FULL)
    second = store(installations, replace(FULL, secret="new", base_url="https://renamed.example/wiki"))
    assert second.id == first.id
    assert second.base_url == "https://renamed.example/wiki"
    assert count(database, "installation") == 1


def test_concurrent_installs_give_one_row(installations: PostgresInstallations, database: Database) -> None:
    """F30"""

    def one(number: int) -> int:
        with installations.change("acme", FULL.base_url) as change:
            tenant = change.store(replace(FULL, secret=f"secret {number}"))
            change.log(tenant.id, InstallationEvent.INSTALLED, START)
            return tenant.id

    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(one, range(8)))
    assert len(ids) == 1
    assert count(database, "installation") == 1
    assert count(database, "installation_event") == 8
    found = installations.find("acme")
    assert found is not None
    assert found.registration.secret in {f"secret {number}" for number in range(8)}


def test_a_change_is_alone_from_reading_to_writing(installations: PostgresInstallations) -> None:
    store(installations, replace(FULL, display_url="0"))

    def add_one(_: int) -> None:
        with installations.change("acme") as change:
            found = change.find("acme")
            assert found is not None
            number = int(found.registration.display_url or "0")
            change.store(replace(found.registration, display_url=str(number + 1)))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(add_one, range(12)))
    found = installations.find("acme")
    assert found is not None
    assert found.registration.display_url == "12"


def test_changes_that_share_values_crosswise_do_not_deadlock(installations: PostgresInstallations) -> None:
    """Two imports name the same values in different order."""

    def one(number: int) -> None:
        names = ("a", "b") if number % 2 else ("b", "a")
        with installations.change(*names) as change:
            change.store(replace(FULL, site_key=names[0], base_url=names[1]))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(one, range(16)))


def test_a_change_that_fails_leaves_nothing(installations: PostgresInstallations, database: Database) -> None:
    """Row, log line and job are one transaction."""

    def fail() -> None:
        with installations.change("acme") as change:
            tenant = change.store(FULL)
            change.log(tenant.id, InstallationEvent.INSTALLED, START)
            change.defer([Job(JobKind.REDISCOVER, tenant.id)])
            raise RuntimeError("the machine stops here")

    with pytest.raises(RuntimeError):
        fail()
    assert installations.find("acme") is None
    assert count(database, "installation_event") == 0
    assert queue(database) == []


def test_installs_are_logged_with_their_jobs(installations: PostgresInstallations, database: Database) -> None:
    """The search for locks is queued in the same transaction."""
    with installations.change("acme") as change:
        tenant = change.store(FULL)
        change.log(tenant.id, InstallationEvent.INSTALLED, START)
        change.defer([Job(JobKind.REDISCOVER, tenant.id)])
    with database.single() as connection:
        row = connection.execute(select(INSTALLATION_EVENT)).one()
    assert (row.tenant_id, row.event, row.at) == (tenant.id, "installed", START)
    assert [row.task_name for row in queue(database)] == ["rediscover"]


def test_sites_with_the_same_address_are_named(installations: PostgresInstallations) -> None:
    """An import brings a new client key with the old address."""
    old = store(installations, FULL)
    store(installations, replace(FULL, site_key="gone", installed=False))
    store(installations, replace(FULL, site_key="elsewhere", base_url="https://other.example/wiki"))
    with installations.change("new", FULL.base_url) as change:
        change.store(replace(FULL, site_key="new"))
        assert [found.tenant.id for found in change.sharing(FULL.base_url, other_than="new")] == [old.id]


def test_sites_without_witness_rows_and_live_locks(
    database: Database, installations: PostgresInstallations, clock: FakeClock
) -> None:
    """Active sites without witnesses; live locks of all sites."""
    acme, globex = install(installations, "acme"), install(installations, "globex")
    install(installations, "gone", enabled=False)
    tenants = PostgresTenants(database)
    assert [tenant.id for tenant in tenants.without_witness()] == [acme.id, globex.id]
    PostgresEffects(database, clock).record(acme, Effects(witness=witness()))
    assert [tenant.id for tenant in tenants.without_witness()] == [globex.id]
    assert tenants.live_locks() == 1


def test_what_changed_is_named(installations: PostgresInstallations, acme: Tenant) -> None:
    """H5: new and changed sites, from mark to mark."""
    mark, changed = installations.changed(None)
    assert changed is None
    mark, changed = installations.changed(mark)
    assert changed is not None
    install(installations, acme.site_key, enabled=False)
    install(installations, "new")
    mark, changed = installations.changed(mark)
    assert {acme.site_key, "new"} <= (changed or frozenset())


def test_a_change_that_is_stored_during_a_look_is_seen_by_the_next(
    installations: PostgresInstallations, database: Database, acme: Tenant, globex: Tenant
) -> None:
    """H5: however long it takes, and whatever is stored meanwhile."""
    with installations.change(acme.site_key) as change:
        change.store(Registration(site_key=acme.site_key, base_url="https://new.example/wiki"))
        mark, _ = installations.changed(None)
        for _ in range(3):
            install(installations, globex.site_key, enabled=False)
            mark, changed = installations.changed(mark)
            assert globex.site_key in (changed or frozenset())
    assert acme.site_key in (installations.changed(mark)[1] or frozenset())
    mark, _ = installations.changed(mark)
    with database.single() as connection:
        connection.execute(text("DELETE FROM installation WHERE client_key = :key"), {"key": globex.site_key})
    assert installations.changed(mark)[1] is None
