"""Sites at Forge's door: opened, moved from Connect, closed, silent, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lockpoint.services.context import Door, Tenant
from lockpoint.services.errors import HostUnavailable, Unauthorised
from lockpoint.services.ports.forge import AccessToken, ForgeRegistration, Sign
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.tenancy import InstallationEvent
from lockpoint.services.tenancy.forge_sites import (
    GOODBYE_AFTER,
    SILENCE,
    Arrival,
    arrive,
    end_if_gone,
    end_silent,
    hear_goodbye,
    receive,
)
from tests.fakes.world import ACME, World, make_world

CLOUD = "d0d52620-3203-4cfa-8db5-f2587155f0dd"
RETURN = [JobKind.SWEEP, JobKind.REDISCOVER, JobKind.SELF_TEST]
HERE = ForgeRegistration(
    cloud_id=CLOUD,
    url=f"https://api.atlassian.com/ex/confluence/{CLOUD}/wiki",
    installation="ari:cloud:ecosystem::installation/1",
    environment="PRODUCTION",
    version="1.0.0",
)
AGAIN = replace(HERE, installation="ari:cloud:ecosystem::installation/2")


@pytest.fixture
def world() -> World:
    return make_world()


def jobs(world: World, tenant: Tenant) -> list[JobKind]:
    found = [job.kind for job in world.tables.jobs if job.tenant_id == tenant.id]
    world.tables.jobs.clear()
    return found


def come(world: World, registration: ForgeRegistration = HERE, **other: object) -> Tenant:
    return arrive(world.services, world.services.forge_sites, Arrival(registration=registration, **other))


def events(world: World) -> list[InstallationEvent]:
    return [event for _, event in world.services.forge_sites.events]


def token(world: World, **life: float) -> AccessToken:
    return AccessToken("t", world.clock.now() + timedelta(**life))


def test_the_first_invocation_opens_a_site(world: World) -> None:
    """Its name in signatures is that of the cloud id, its calls go to the gateway."""
    tenant = come(world)
    assert (tenant.site_key, tenant.base_url, tenant.door) == (f"cloud/{CLOUD}", HERE.url, Door.FORGE)
    assert jobs(world, tenant) == RETURN
    assert events(world) == [InstallationEvent.INSTALLED]


def test_further_invocations_write_once_a_minute(world: World) -> None:
    tenant = come(world)
    sites = world.services.forge_sites
    jobs(world, tenant)
    for _ in range(3):
        assert come(world).id == tenant.id
    assert (sites.changes, sites.sights, jobs(world, tenant)) == (1, 0, [])
    world.clock.advance(seconds=60)
    come(world)
    come(world)
    assert (sites.changes, sites.sights) == (1, 1)


def test_events_and_hourly_calls_are_noted_once_a_minute(world: World) -> None:
    """Also the one that opens the site; a storm of events writes no more than that."""
    tenant = come(world, sign=Sign.TICK)
    sites, begun = world.services.forge_sites, world.clock.now()
    world.clock.advance(seconds=30)
    for _ in range(100):
        come(world, sign=Sign.EVENT)
        come(world, sign=Sign.TICK)
    assert sites.sights == 2
    world.clock.advance(seconds=45)
    come(world, sign=Sign.EVENT)
    found = sites.find(tenant.cloud_id or "")
    assert found is not None
    assert found.heard == {Sign.TICK: begun, Sign.EVENT: begun + timedelta(seconds=30)}
    world.clock.advance(seconds=15)
    come(world, sign=Sign.EVENT)
    assert sites.sights == 3


def test_a_site_that_connect_knew_keeps_number_and_name(world: World) -> None:
    """No lock is lost by a move: signatures stay bound to the same name. Its protection had no gap."""
    known = replace(ACME, cloud_id=CLOUD)
    world.services.forge_sites.put(known, None, connected=True)
    tenant = come(world)
    assert (tenant.id, tenant.site_key, tenant.door) == (ACME.id, ACME.site_key, Door.FORGE)
    assert tenant.returned_at is None
    assert events(world) == [InstallationEvent.MOVED]
    assert jobs(world, tenant) == [*RETURN, JobKind.COPY_TEXTS]


def test_a_reinstallation_looks_for_everything_again(world: World) -> None:
    tenant = come(world)
    receive(world.services, tenant, token(world, hours=3))
    jobs(world, tenant)
    again = come(world, AGAIN)
    assert again.id == tenant.id
    assert world.tables.tokens == {}, "tokens die with the installation"
    assert (events(world)[-1], jobs(world, tenant)) == (InstallationEvent.REINSTALLED, RETURN)


def test_another_version_is_no_news_but_for_the_lifecycle_event(world: World) -> None:
    """A screen of the version before may still be open."""
    tenant, newer = come(world), replace(HERE, version="2.0.0")
    jobs(world, tenant)
    come(world, newer)
    assert world.services.forge_sites.changes == 1
    come(world, newer, lifecycle=True)
    found = world.services.forge_sites.find(CLOUD)
    assert found is not None
    assert found.registration == newer
    assert jobs(world, tenant) == []


def test_the_site_s_own_address_is_noted_when_a_screen_tells_it(world: World) -> None:
    assert come(world).display_url is None
    assert come(world, display_url="https://acme.atlassian.net/wiki").display_url == "https://acme.atlassian.net/wiki"
    assert come(world).display_url == "https://acme.atlassian.net/wiki"


def test_a_token_after_a_time_without_one_starts_a_catch_up(world: World) -> None:
    tenant = come(world)
    jobs(world, tenant)
    receive(world.services, tenant, token(world, hours=3))
    assert jobs(world, tenant) == [JobKind.SWEEP, JobKind.REDISCOVER]
    receive(world.services, tenant, token(world, hours=4))
    assert jobs(world, tenant) == []
    world.clock.advance(hours=5)
    receive(world.services, tenant, token(world, hours=3))
    assert jobs(world, tenant) == [JobKind.SWEEP, JobKind.REDISCOVER]


# Goodbye


def test_a_goodbye_is_looked_into_two_minutes_later(world: World) -> None:
    tenant = come(world)
    jobs(world, tenant)
    hear_goodbye(world.services, tenant)
    (job,) = world.tables.jobs
    assert (job.kind, job.subject, job.delay) == (JobKind.GOODBYE, HERE.installation, GOODBYE_AFTER)


def says(world: World, answer: Exception | None) -> None:
    world.services.site_facts.trouble = answer


def test_a_site_whose_token_is_refused_has_left(world: World) -> None:
    tenant = come(world)
    receive(world.services, tenant, token(world, hours=3))
    says(world, Unauthorised("401"))
    end_if_gone(world.services, tenant, HERE.installation)
    left = world.tables.tenants[tenant.id]
    assert (left.installed, left.enabled, world.tables.tokens) == (False, False, {})
    assert events(world)[-1] is InstallationEvent.UNINSTALLED


def test_a_false_goodbye_harms_nobody(world: World) -> None:
    tenant = come(world)
    end_if_gone(world.services, tenant, HERE.installation)
    assert world.tables.tenants[tenant.id].installed


def test_an_outage_says_nothing_about_a_goodbye(world: World) -> None:
    tenant = come(world)
    says(world, HostUnavailable("503"))
    with pytest.raises(HostUnavailable):
        end_if_gone(world.services, tenant, HERE.installation)
    assert world.tables.tenants[tenant.id].installed


def test_a_reinstallation_meanwhile_is_not_ended(world: World) -> None:
    tenant = come(world)
    come(world, AGAIN)
    says(world, Unauthorised("401"))
    end_if_gone(world.services, tenant, HERE.installation)
    assert world.tables.tenants[tenant.id].installed


def test_a_site_that_still_has_connect_gets_its_door_back(world: World) -> None:
    world.services.forge_sites.put(replace(ACME, cloud_id=CLOUD), None, connected=True)
    tenant = come(world)
    jobs(world, tenant)
    says(world, Unauthorised("401"))
    end_if_gone(world.services, tenant, HERE.installation)
    back = world.tables.tenants[tenant.id]
    assert (back.door, back.active) == (Door.CONNECT, True)
    assert jobs(world, tenant) == [JobKind.SWEEP, JobKind.REDISCOVER]


# Silence


def test_a_day_of_silence_ends_the_site_and_the_next_call_opens_it(world: World) -> None:
    """Uploads of that time are accepted, as after any absence."""
    tenant = come(world)
    receive(world.services, tenant, token(world, hours=3))
    world.clock.advance(seconds=SILENCE.total_seconds())
    assert end_silent(world.services) == 0
    world.clock.advance(seconds=1)
    assert end_silent(world.services) == 1
    assert not world.tables.tenants[tenant.id].installed
    assert end_silent(world.services) == 0
    back = come(world)
    assert back.id == tenant.id
    assert world.tables.tenants[tenant.id].returned_at == world.clock.now()
    assert events(world)[-2:] == [InstallationEvent.SILENT, InstallationEvent.REINSTALLED]


def test_a_site_with_a_live_token_is_not_silent(world: World) -> None:
    tenant = come(world)
    receive(world.services, tenant, token(world, hours=30))
    world.clock.advance(hours=27)
    assert end_silent(world.services) == 0


def test_sites_of_connect_are_never_silent(world: World) -> None:
    world.services.forge_sites.put(replace(ACME, cloud_id=CLOUD), None, connected=True)
    world.clock.advance(hours=100)
    assert end_silent(world.services) == 0
