"""Sites by cloud id in Postgres."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from lockpoint.services.context import Door, Tenant
from lockpoint.services.ports.forge import AccessToken, ForgeRegistration, Sign
from lockpoint.services.ports.tenancy import InstallationEvent
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import Keyring
from lockpoint.storage.tables import INSTALLATION, INSTALLATION_EVENT
from lockpoint.storage.tenancy.forge_sites import PostgresForgeSites
from lockpoint.storage.tenancy.forge_tokens import PostgresForgeTokens
from lockpoint.storage.tenancy.installations import PostgresInstallations, PostgresTenants
from tests.fakes.world import START

CLOUD = "d0d52620-3203-4cfa-8db5-f2587155f0dd"
HERE = ForgeRegistration(
    cloud_id=CLOUD,
    url=f"https://api.atlassian.com/ex/confluence/{CLOUD}/wiki",
    installation="ari:1",
    environment="PRODUCTION",
    version="1",
)
ADDRESS = "https://acme.atlassian.net/wiki"


@pytest.fixture
def sites(database: Database) -> PostgresForgeSites:
    return PostgresForgeSites(database)


def opened(sites: PostgresForgeSites, registration: ForgeRegistration = HERE, display_url: str | None = None) -> Tenant:
    with sites.change(registration.cloud_id) as change:
        return change.open(registration, display_url, START)


def named(sites: PostgresForgeSites, tenant: Tenant) -> None:
    with sites.change(CLOUD) as change:
        change.name(tenant)


def test_a_site_born_on_forge(sites: PostgresForgeSites, database: Database) -> None:
    assert sites.find(CLOUD) is None
    tenant = opened(sites)
    assert (tenant.site_key, tenant.base_url, tenant.display_url) == (f"cloud/{CLOUD}", HERE.url, None)
    assert (tenant.door, tenant.cloud_id, tenant.active) == (Door.FORGE, CLOUD, True)
    assert PostgresTenants(database).by_id(tenant.id) == tenant
    found = sites.find(CLOUD)
    assert found is not None
    assert (found.tenant, found.registration, found.connected, found.seen_at) == (tenant, HERE, False, START)


def test_two_first_invocations_make_one_site(sites: PostgresForgeSites) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: opened(sites), range(8)))
    assert len({tenant.id for tenant in made}) == 1


def test_a_site_of_connect_changes_its_door_and_nothing_else(
    sites: PostgresForgeSites, installations: PostgresInstallations, acme: Tenant
) -> None:
    """Its secret stays, for the way back; links go to its own address."""
    named(sites, acme)
    moved = opened(sites)
    assert (moved.id, moved.site_key, moved.door) == (acme.id, acme.site_key, Door.FORGE)
    assert (moved.base_url, moved.display_url) == (HERE.url, acme.base_url)
    stored = installations.find(acme.site_key)
    assert stored is not None
    assert (stored.registration.secret, stored.registration.door) == ("secret of acme", Door.FORGE)
    with sites.change(CLOUD) as change:
        back = change.close(START)
    assert (back.door, back.base_url, back.active) == (Door.CONNECT, acme.base_url, True)


def test_a_closed_site_keeps_number_and_cloud_id(sites: PostgresForgeSites, database: Database, keys: Keyring) -> None:
    tenant = opened(sites)
    tokens = PostgresForgeTokens(database, keys)
    tokens.keep(tenant, AccessToken("t", START + timedelta(hours=3)), START, ())
    with sites.change(CLOUD) as change:
        left = change.close(START)
        change.log(left.id, InstallationEvent.UNINSTALLED, START)
    assert (left.id, left.installed, left.door) == (tenant.id, False, Door.FORGE)
    assert opened(sites).id == tenant.id
    assert tokens.find(tenant, START) is None
    with database.single() as connection:
        assert connection.execute(select(INSTALLATION_EVENT.c.event)).scalars().all() == ["uninstalled"]
        assert connection.execute(select(INSTALLATION.c.uninstalled_at)).scalars().all() == [None]


def test_a_cloud_id_is_one_site_s(sites: PostgresForgeSites, acme: Tenant, globex: Tenant) -> None:
    """Only a departed site loses it."""
    named(sites, acme)
    with pytest.raises(Exception, match="cloud_id"):
        named(sites, globex)
    found = sites.find(CLOUD)
    assert found is not None
    assert found.tenant.id == acme.id


def test_a_departed_site_s_cloud_id_goes_to_its_successor(
    sites: PostgresForgeSites, installations: PostgresInstallations, acme: Tenant, globex: Tenant
) -> None:
    named(sites, acme)
    with installations.change(acme.site_key) as change:
        known = change.find(acme.site_key)
        assert known is not None
        change.store(replace(known.registration, installed=False, secret=None))
    named(sites, globex)
    found = sites.find(CLOUD)
    assert found is not None
    assert found.tenant.id == globex.id


def test_a_site_with_a_cloud_id_keeps_it(sites: PostgresForgeSites, acme: Tenant) -> None:
    named(sites, acme)
    other = "e1d52620-3203-4cfa-8db5-f2587155f0dd"
    with sites.change(other) as change:
        change.name(acme)
    assert sites.find(other) is None


def test_the_app_s_accounts_add_up(sites: PostgresForgeSites, acme: Tenant, database: Database) -> None:
    for account in ("one", "two", "one"):
        sites.note_account(acme, account)
    noted = PostgresTenants(database).by_id(acme.id)
    assert noted is not None
    assert noted.app_accounts == {"one", "two"}


def test_addresses_and_sights_are_noted(sites: PostgresForgeSites) -> None:
    tenant = opened(sites)
    sites.note_address(tenant, ADDRESS)
    sites.note_seen(tenant, START + timedelta(minutes=30), Sign.EVENT)
    sites.note_seen(tenant, START + timedelta(minutes=40), Sign.TICK)
    sites.note_seen(tenant, START + timedelta(hours=1), None)
    found = sites.find(CLOUD)
    assert found is not None
    assert (found.tenant.display_url, found.display_url) == (ADDRESS, ADDRESS)
    assert found.seen_at == START + timedelta(hours=1)
    assert found.heard == {
        Sign.EVENT: START + timedelta(minutes=30),
        Sign.TICK: START + timedelta(minutes=40),
    }
    assert opened(sites, display_url=None).display_url == ADDRESS


def test_silent_sites(sites: PostgresForgeSites, database: Database, keys: Keyring, acme: Tenant) -> None:
    """Seen last before the moment, at Forge's door, and without a live token."""
    assert acme
    tenant, later = opened(sites), START + timedelta(hours=1)
    assert [site.tenant.id for site in sites.silent(later, later)] == [tenant.id]
    assert sites.silent(START, later) == []
    tokens = PostgresForgeTokens(database, keys)
    tokens.keep(tenant, AccessToken("t", later + timedelta(hours=1)), START, ())
    assert sites.silent(later, later) == []
    with sites.change(CLOUD) as change:
        change.close(START)
    assert sites.silent(later, later) == []


def test_a_change_that_fails_changes_nothing(sites: PostgresForgeSites) -> None:
    def fail() -> None:
        with sites.change(CLOUD) as change:
            change.open(HERE, None, START)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert sites.find(CLOUD) is None


def test_a_former_installation_is_found_by_address_alone(
    sites: PostgresForgeSites, database: Database, acme: Tenant, globex: Tenant
) -> None:
    """Of Connect's, of another name, and only once it has left; what is adopted stays with the row."""
    here = opened(sites, display_url=acme.base_url)
    assert sites.former(here) is None, "a live one may be another site's"
    with database.transaction() as connection:
        connection.execute(update(INSTALLATION).where(INSTALLATION.c.id == acme.id).values(installed=False))
    found = sites.former(here)
    assert found is not None
    assert (found.id, here.signed_names) == (acme.id, (here.site_key,))
    assert sites.former(opened(sites, display_url="https://elsewhere.example/wiki")) is None
    with sites.change(CLOUD) as change:
        change.adopt(acme.site_key)
    adopted = PostgresTenants(database).by_id(here.id)
    assert adopted is not None
    assert adopted.signed_names == (here.site_key, acme.site_key)
    other = PostgresTenants(database).by_id(globex.id)
    assert other is not None
    assert other.former_key is None
