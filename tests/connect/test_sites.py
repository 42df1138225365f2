"""Known sites: cached in the process, dropped on lifecycle events, reread after a bad signature."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockpoint.connect import site_memory
from lockpoint.connect.sites import AppSigner, SiteDirectory
from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable, Unauthorised
from tests.fakes.connect import ACME, ACME_SECRET, GLOBEX, START, FakeTime, registration
from tests.fakes.tenancy import FakeInstallations


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def stored() -> FakeInstallations:
    installations = FakeInstallations()
    with installations.change(ACME) as change:
        change.store(registration(ACME))
    return installations


@pytest.fixture
def directory(stored: FakeInstallations, clock: FakeTime) -> SiteDirectory:
    return SiteDirectory(stored, clock.seconds)


def put(stored: FakeInstallations, **changes: object) -> None:
    with stored.change(ACME) as change:
        change.store(replace(registration(ACME), **changes))


def secret(directory: SiteDirectory) -> str:
    found = directory.find(ACME)
    assert found is not None
    return found.secret


def test_a_site_is_read_once_and_changes_are_looked_for(
    directory: SiteDirectory, stored: FakeInstallations, clock: FakeTime
) -> None:
    """H5: one look in two seconds for all sites; each is read again after five minutes all the same."""
    for _ in range(100):
        assert directory.find(ACME) is not None
        clock.advance(0.5)
    assert (stored.finds, stored.looks) == (1, 25)
    clock.advance(300)
    assert directory.find(ACME) is not None
    assert stored.finds == 2


@pytest.mark.parametrize("changes", [{"installed": False, "secret": None}, {"enabled": False}, {"secret": "another"}])
def test_a_change_by_another_process_counts_within_five_seconds(
    directory: SiteDirectory, stored: FakeInstallations, clock: FakeTime, changes: dict[str, object]
) -> None:
    """H5: also an uninstall; and the change of one site makes no other be read again."""
    with stored.change(GLOBEX) as change:
        change.store(registration(GLOBEX))
    before, other = directory.find(ACME), directory.find(GLOBEX)
    clock.advance(120)
    assert (directory.find(ACME), directory.find(GLOBEX)) == (before, other)
    put(stored, **changes)
    clock.advance(5)
    assert directory.find(ACME) != before
    assert directory.find(GLOBEX) is other


def test_a_site_whose_row_is_gone_is_nobody(
    directory: SiteDirectory, stored: FakeInstallations, clock: FakeTime
) -> None:
    """A restored backup may lack it."""
    assert directory.find(ACME) is not None
    del stored.rows[ACME]
    clock.advance(5)
    assert directory.find(ACME) is None


def test_a_read_that_a_look_overtook_is_not_kept(
    directory: SiteDirectory, stored: FakeInstallations, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H5: it may be older than the change that the look saw and has dropped."""
    assert directory.find(GLOBEX) is None
    old, find = registration(ACME), stored.find

    def slow(site_key: str) -> object:
        found = find(site_key)
        put(stored, secret="another")
        clock.advance(3)
        directory.find(GLOBEX)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(stored, "find", lambda key: slow(key) if key == ACME else find(key))
        assert secret(directory) == old.secret
    assert secret(directory) == "another"


def test_an_unknown_site_is_remembered_for_some_seconds(
    directory: SiteDirectory, stored: FakeInstallations, clock: FakeTime
) -> None:
    """One query in five seconds; the memory for unknown client keys is bounded."""
    for _ in range(5):
        assert directory.find("nobody") is None
    assert stored.finds == 1
    clock.advance(6)
    directory.find("nobody")
    assert stored.finds == 2
    for number in range(site_memory.MOST_UNKNOWN + 100):
        directory.find(f"nobody-{number}")
    assert len(directory._memory._unknown) == site_memory.MOST_UNKNOWN


def test_known_sites_are_bounded(
    directory: SiteDirectory, stored: FakeInstallations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The least recently used site is dropped."""
    monkeypatch.setattr(site_memory, "MOST_SITES", 1)
    with stored.change(GLOBEX) as change:
        change.store(registration(GLOBEX))
    for _ in range(2):
        assert directory.find(ACME) is not None
        assert directory.find(GLOBEX) is not None
    assert stored.finds == 4


def test_forgetting_reads_again(directory: SiteDirectory, stored: FakeInstallations) -> None:
    """A lifecycle event drops the cached site."""
    directory.find(ACME)
    put(stored, installed=False, secret=None)
    assert directory.find(ACME) is not None
    directory.forget(stored.rows[ACME].tenant)
    assert directory.find(ACME) is None


@pytest.mark.parametrize("changes", [{"installed": False}, {"secret": None}])
def test_a_site_that_is_gone_is_nobody(
    directory: SiteDirectory, stored: FakeInstallations, changes: dict[str, object]
) -> None:
    """Uninstalled, or without a secret."""
    put(stored, **changes)
    assert directory.find(ACME) is None


def test_a_doubted_site_is_read_again_at_most_every_two_seconds(
    directory: SiteDirectory, stored: FakeInstallations, clock: FakeTime
) -> None:
    """The first bad signature rereads at once, later ones every two seconds."""
    for _ in range(100):
        site = directory.find(ACME)
        assert site is not None
        directory.reread(site)
    assert stored.finds == 2
    clock.advance(2.1)
    site = directory.find(ACME)
    assert site is not None
    put(stored, secret="a-fresh-secret-of-forty-characters-00000")
    newer = directory.reread(site)
    assert newer is not None
    assert newer.secret != site.secret
    assert directory.reread(site) is newer
    assert stored.finds == 3


def test_the_previous_secret_counts_for_three_minutes(directory: SiteDirectory, stored: FakeInstallations) -> None:
    put(stored, previous_secret="the-former-secret", secret_changed_at=START)
    site = directory.find(ACME)
    assert site is not None
    began = START.timestamp()
    assert [len(site.keys(began + seconds)) for seconds in (0, 179.9, 180, 86400)] == [2, 2, 1, 1]


def test_known_sites_are_served_while_the_database_is_away(
    directory: SiteDirectory, stored: FakeInstallations, clock: FakeTime
) -> None:
    """Known sites are served for ten minutes; unknown ones raise StorageUnavailable."""
    directory.find(ACME)
    stored.down = True
    clock.advance(500)
    assert directory.find(ACME) is not None
    with pytest.raises(StorageUnavailable):
        directory.find("nobody")
    clock.advance(200)
    with pytest.raises(StorageUnavailable):
        directory.find(ACME)


def test_secrets_do_not_show(directory: SiteDirectory) -> None:
    assert ACME_SECRET not in repr(directory.find(ACME))
    assert ACME_SECRET not in repr(registration(ACME))


@pytest.mark.parametrize("left", [{"enabled": False}, {"installed": False, "secret": None}])
def test_no_call_is_signed_for_a_site_that_left(
    directory: SiteDirectory, stored: FakeInstallations, clock: FakeTime, left: dict[str, object]
) -> None:
    """F32: also in a process that did not receive the uninstall; a disabled site may still call us."""
    signer, tenant = AppSigner(directory, "lockpoint", clock.seconds), Tenant(1, ACME, "https://acme.example/wiki")
    signer.authorization(tenant, "GET", "/rest/api/user/current")
    put(stored, **left)
    with pytest.raises(Unauthorised):
        signer.authorization(tenant, "GET", "/rest/api/user/current")
    assert (directory.find(ACME) is not None) is ("enabled" in left)


def test_calls_of_the_app_are_signed_for_the_site(directory: SiteDirectory, clock: FakeTime) -> None:
    signer = AppSigner(directory, "lockpoint", clock.seconds)
    tenant = Tenant(1, ACME, "https://acme.atlassian.net/wiki")
    assert signer.authorization(tenant, "GET", "/rest/api/user/current").startswith("JWT ey")
    with pytest.raises(Unauthorised):
        signer.authorization(replace(tenant, site_key="gone"), "GET", "/")
