"""Sites at Forge's door, remembered for seconds: what another process does to one counts soon."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lockpoint.forge.sites import ForgeSiteDirectory
from lockpoint.services.context import Door, Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.forge import ForgeRegistration, ForgeSite, Sign
from tests.fakes.connect import START, FakeTime
from tests.fakes.forge import FakeForgeSites
from tests.fakes.storage.tables import Tables
from tests.fakes.tenancy import FakeInstallations
from tests.fakes.world import FakeClock

CLOUD, OTHER = "d0d52620-3203-4cfa-8db5-f2587155f0dd", "e1d52620-3203-4cfa-8db5-f2587155f0dd"


class Reads(FakeForgeSites):
    def __init__(self) -> None:
        super().__init__(Tables(FakeClock()))
        self.asked: list[str] = []

    def find(self, cloud_id: str) -> ForgeSite | None:
        self.asked.append(cloud_id)
        return super().find(cloud_id)


class Kit:
    """Two sites, and the changes that a look finds."""

    def __init__(self) -> None:
        self.time, self.sites = FakeTime(), Reads()
        self.installations = FakeInstallations()
        self.changed: set[str] = set()
        self.installations.changed = self._changes
        self.directory = ForgeSiteDirectory(self.sites, self.installations, self.time.seconds)
        for number, cloud_id in enumerate((CLOUD, OTHER), 1):
            self.put(number, cloud_id)

    def put(self, number: int, cloud_id: str, **changes: object) -> None:
        tenant = Tenant(number, f"cloud/{cloud_id}", "https://x/wiki", door=Door.FORGE, cloud_id=cloud_id)
        at = ForgeRegistration(
            cloud_id=cloud_id, url="https://x/wiki", installation="ari", environment="PRODUCTION", version="1"
        )
        self.sites.put(replace(tenant, **changes), at, seen_at=START)
        self.changed.add(tenant.site_key)

    def _changes(self, since: str | None) -> tuple[str, frozenset[str] | None]:
        self.sites.tables.reachable()
        found, self.changed = frozenset(self.changed), set()
        return "mark", None if since is None else found

    def active(self, cloud_id: str = CLOUD) -> bool:
        site = self.directory.find(cloud_id)
        return site is not None and site.tenant.active


@pytest.fixture
def kit() -> Kit:
    return Kit()


def test_a_hundred_invocations_cost_one_read(kit: Kit) -> None:
    for _ in range(100):
        assert kit.active()
        kit.time.advance(0.1)
    assert kit.sites.asked == [CLOUD]


def test_an_end_by_another_process_counts_within_five_seconds(kit: Kit) -> None:
    """And no other site is read again for it."""
    assert kit.active()
    assert kit.active(OTHER)
    kit.time.advance(10)
    kit.put(1, CLOUD, installed=False)
    kit.time.advance(5)
    assert not kit.active()
    assert kit.active(OTHER)
    assert kit.sites.asked == [CLOUD, OTHER, CLOUD]


def test_a_new_site_is_known_once_it_is_stored(kit: Kit) -> None:
    """Its process forgets that there was none."""
    assert kit.directory.find("new") is None
    kit.put(3, "new")
    kit.directory.forget(kit.sites.rows["new"].tenant)
    assert kit.active("new")


def test_that_it_was_seen_is_stored_and_read_again(kit: Kit) -> None:
    site = kit.directory.find(CLOUD)
    assert site is not None
    kit.directory.note_seen(site.tenant, START + timedelta(minutes=1), Sign.TICK)
    seen = kit.directory.find(CLOUD)
    assert seen is not None
    assert (seen.seen_at, seen.heard) == (START + timedelta(minutes=1), {Sign.TICK: START + timedelta(minutes=1)})


def test_a_known_site_is_served_while_the_database_is_away(kit: Kit) -> None:
    assert kit.active()
    kit.sites.tables.down = True
    kit.time.advance(60)
    assert kit.active()
    with pytest.raises(StorageUnavailable):
        kit.directory.find(OTHER)


def test_a_site_of_connect_alone_is_none_of_ours(kit: Kit) -> None:
    kit.directory.forget(Tenant(9, "key", "https://y/wiki"))
    assert kit.active()
