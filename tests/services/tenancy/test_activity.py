"""Whether the app may act on a site: as it was read, as stored now, and for a person's request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import NotAllowed, Unlicensed
from lockpoint.services.tenancy.activity import active_now, is_active, require_active
from tests.fakes.tenancy import FakeLicenceSource
from tests.fakes.world import ACME, World, make_world

DISABLED = replace(ACME, enabled=False)
UNINSTALLED = replace(ACME, installed=False, enabled=False)
INACTIVE = pytest.mark.parametrize("tenant", [DISABLED, UNINSTALLED], ids=["disabled", "uninstalled"])


@pytest.fixture
def world() -> World:
    """Licences count, and both sites have one."""
    return make_world(licensing=True)


def source(services: Services) -> FakeLicenceSource:
    found = services.licence_source
    assert isinstance(found, FakeLicenceSource)
    return found


def test_an_active_site_with_a_licence(world: World) -> None:
    services = world.services
    assert is_active(services, ACME)
    assert active_now(services, ACME.id) == ACME
    assert require_active(services, ACME) is ACME


@INACTIVE
def test_an_inactive_site(world: World, tenant: Tenant) -> None:
    """Nobody is asked about a licence."""
    services = world.services
    world.tables.tenants[ACME.id] = tenant
    for licensed in (True, False):
        assert not is_active(services, tenant, licensed=licensed)
        assert active_now(services, ACME.id, licensed=licensed) is None
        with pytest.raises(NotAllowed):
            require_active(services, tenant, licensed=licensed)
    assert source(services).asked == 0


def test_a_site_that_nobody_knows(world: World) -> None:
    assert active_now(world.services, 99, licensed=False) is None


def test_a_site_without_a_licence(world: World) -> None:
    """Active where a licence does not matter; there nobody is asked about one."""
    services = world.services
    source(services).licensed = False
    assert is_active(services, ACME, licensed=False)
    assert active_now(services, ACME.id, licensed=False) == ACME
    assert require_active(services, ACME, licensed=False) is ACME
    assert source(services).asked == 0
    assert not is_active(services, ACME, priority=Priority.SWEEP)
    assert active_now(services, ACME.id, priority=Priority.SWEEP) is None
    with pytest.raises(Unlicensed):
        require_active(services, ACME, priority=Priority.INTERACTIVE)


@INACTIVE
def test_only_active_now_reads_the_site_again(world: World, tenant: Tenant) -> None:
    """The other answers cost no query."""
    world.tables.tenants[ACME.id] = tenant
    assert is_active(world.services, ACME)
    assert require_active(world.services, ACME) is ACME
    assert active_now(world.services, ACME.id) is None
