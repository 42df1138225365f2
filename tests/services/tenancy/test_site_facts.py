"""What is noted of a site once: its cloud id, its own address, who the app is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockpoint.services.context import Door, Priority
from lockpoint.services.tenancy.site_facts import app_accounts, facts_missing, note_facts
from tests.fakes.world import ACME, GLOBEX, World, make_world

CLOUD = "d0d52620-3203-4cfa-8db5-f2587155f0dd"
ADDRESS = "https://acme.atlassian.net/wiki"


@pytest.fixture
def world() -> World:
    return make_world()


def own(world: World) -> str:
    return world.services.people.own_account(ACME, priority=Priority.MAINTENANCE)


def test_a_connect_site_s_cloud_id_is_noted(world: World) -> None:
    """It finds the site again when it comes through Forge."""
    world.services.site_facts.cloud_ids[ACME.id] = CLOUD
    assert facts_missing(ACME)
    note_facts(world.services, ACME)
    noted = world.tables.tenants[ACME.id]
    assert (noted.cloud_id, noted.app_accounts) == (CLOUD, {own(world)})
    assert not facts_missing(noted)


def test_known_facts_are_not_asked_for(world: World) -> None:
    known = replace(ACME, cloud_id=CLOUD, app_accounts=frozenset({own(world)}))
    note_facts(world.services, known)
    assert world.services.site_facts.asked == 0


def test_a_forge_site_s_own_address_is_noted(world: World) -> None:
    site = replace(ACME, door=Door.FORGE, cloud_id=CLOUD)
    world.services.forge_sites.put(site, None)
    world.services.site_facts.addresses[ACME.id] = ADDRESS
    note_facts(world.services, site)
    assert world.tables.tenants[ACME.id].display_url == ADDRESS


def test_a_connect_site_whose_cloud_is_at_forge_s_door_ends(world: World) -> None:
    """One door at a time: two app users would undo each other's work."""
    world.services.forge_sites.put(replace(GLOBEX, door=Door.FORGE, cloud_id=CLOUD), None)
    world.services.site_facts.cloud_ids[ACME.id] = CLOUD
    ended: list[str] = []
    installations = world.services.installations
    change, installations.change = installations.change, lambda key, *more: ended.append(key) or change(key, *more)
    note_facts(world.services, ACME)
    assert ended == [ACME.site_key]
    assert world.tables.tenants[ACME.id].cloud_id is None


def test_a_departed_site_s_cloud_id_is_taken_over(world: World) -> None:
    """Data imported into the same site: another client key, the same cloud."""
    world.services.forge_sites.put(replace(GLOBEX, cloud_id=CLOUD, installed=False), None)
    world.services.site_facts.cloud_ids[ACME.id] = CLOUD
    note_facts(world.services, ACME)
    assert world.tables.tenants[ACME.id].cloud_id == CLOUD
    assert world.tables.tenants[GLOBEX.id].cloud_id is None


def test_the_app_is_all_that_it_was_here(world: World) -> None:
    tenant = replace(ACME, app_accounts=frozenset({"of-connect"}))
    found = app_accounts(world.services.people, tenant, priority=Priority.SWEEP)
    assert found == {"of-connect", own(world)}
