"""Secrets of sites, sealed again with a new root key; and lost keys."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from lockpoint.services.errors import SecretUnreadable
from lockpoint.services.ports.tenancy import Registration
from lockpoint.services.tenancy.lifecycle import InstallRequest, install, uninstall
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import Keyring, keyring
from lockpoint.storage.tables import INSTALLATION
from lockpoint.storage.tenancy import replaced_secrets, sealed_secrets
from lockpoint.storage.tenancy.installations import PostgresInstallations
from lockpoint.storage.tenancy.sealed_secrets import SealedSecrets, SealingReport
from tests.fakes.world import START
from tests.storage.conftest import install as put_site
from tests.storage.tenancy.rotation import BEFORE_THE_MOVE, BOTH, ONLY_NEW, ONLY_OLD, Stage


def many_sites(database: Database, keys: Keyring, count: int) -> PostgresInstallations:
    installations = PostgresInstallations(database, keys)
    for number in range(count):
        put_site(installations, f"site {number}")
    return installations


def secrets_of(database: Database, keys: Keyring) -> list[str | None]:
    with database.single() as connection:
        names = connection.execute(select(INSTALLATION.c.client_key).order_by(INSTALLATION.c.id)).scalars().all()
    found = [PostgresInstallations(database, keys).find(name) for name in names]
    return [one.registration.secret for one in found if one is not None]


def test_after_a_rotation_the_old_key_opens_nothing_and_the_new_one_everything(database: Database) -> None:
    """`keys rotate`; previous secrets, too; sites without a secret need nothing."""
    registration = Registration(
        site_key="acme",
        base_url="https://acme.example/wiki",
        secret="the shared secret",
        previous_secret="the former secret",
        secret_changed_at=START,
    )
    with PostgresInstallations(database, ONLY_OLD).change("acme") as transaction:
        transaction.store(registration)
    put_site(PostgresInstallations(database, ONLY_OLD), "gone", secret=None)
    report = SealedSecrets(database, BOTH).reseal()
    assert report == SealingReport(sealed=1, already=0, unreadable=())
    found = PostgresInstallations(database, ONLY_NEW).find("acme")
    assert found is not None
    assert found.registration == registration
    with pytest.raises(SecretUnreadable):
        PostgresInstallations(database, ONLY_OLD).find("acme")


def test_half_rotated_secrets_are_read_by_every_process_that_knows_both_keys(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F53: stopped between two batches; the next run does the rest."""
    monkeypatch.setattr(sealed_secrets, "BATCH", 2)
    many_sites(database, ONLY_OLD, 5)

    def stopped(_sites: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SealedSecrets(database, BOTH).reseal(stopped)
    assert SealedSecrets(database, BOTH).by_key() == {ONLY_NEW.newest: 2, ONLY_OLD.newest: 3}
    everybody = [f"secret of site {number}" for number in range(5)]
    assert secrets_of(database, BOTH) == secrets_of(database, BEFORE_THE_MOVE) == everybody
    steps: list[int] = []
    report = SealedSecrets(database, BOTH).reseal(steps.append)
    assert report == SealingReport(sealed=3, already=2, unreadable=())
    assert steps == [2, 2, 1]
    assert secrets_of(database, ONLY_NEW) == everybody


def test_a_secret_that_no_key_opens_is_named_and_left(database: Database) -> None:
    many_sites(database, keyring(["a key that was lost, and of 32 characters"]), 1)
    put_site(PostgresInstallations(database, ONLY_OLD), "fine")
    secrets = SealedSecrets(database, BOTH)
    assert secrets.by_key() == {None: 1, ONLY_OLD.newest: 1}
    assert secrets.reseal() == SealingReport(sealed=1, already=0, unreadable=(1,))
    assert secrets.count() == 2
    found = PostgresInstallations(database, ONLY_NEW).find("fine")
    assert found is not None


def test_wrong_root_keys_are_an_unavailability_that_names_the_site(database: Database) -> None:
    """The message names the setting, too, and never the secret."""
    many_sites(database, ONLY_OLD, 1)
    with pytest.raises(SecretUnreadable, match=r"site 1 cannot be read: no key of LOCKPOINT_SECRET_KEYS"):
        PostgresInstallations(database, ONLY_NEW).find("site 0")


def test_a_lost_former_secret_is_no_trouble(database: Database) -> None:
    """It is accepted for three minutes only."""
    many_sites(database, ONLY_NEW, 1)
    with database.single() as connection:
        lost = ONLY_OLD.seal("the former secret", "site 0")
        connection.execute(update(INSTALLATION).values(previous_secret=lost, secret_changed_at=START))
    found = PostgresInstallations(database, ONLY_NEW).find("site 0")
    assert found is not None
    assert (found.registration.secret, found.registration.previous_secret) == ("secret of site 0", None)


def test_a_lost_former_secret_holds_the_present_one_back_under_no_old_key(database: Database) -> None:
    """The next purge removes the lost one."""
    many_sites(database, ONLY_OLD, 1)
    lost = keyring(["a key that was lost, and of 32 characters"]).seal("the former secret", "site 0")
    with database.single() as connection:
        connection.execute(update(INSTALLATION).values(previous_secret=lost, secret_changed_at=START))
    assert SealedSecrets(database, BOTH).reseal() == SealingReport(sealed=1, already=0, unreadable=(1,))
    assert secrets_of(database, ONLY_NEW) == ["secret of site 0"]
    assert SealedSecrets(database, BOTH).reseal() == SealingReport(sealed=0, already=0, unreadable=(1,))
    assert replaced_secrets.erase(database, START + replaced_secrets.ACCEPTED) == 1
    assert SealedSecrets(database, BOTH).reseal() == SealingReport(sealed=0, already=1, unreadable=())


def test_with_all_keys_lost_a_site_comes_back_by_installing_again(stage: Stage) -> None:
    """Tenant and locks stay."""
    services = stage.process(ONLY_NEW)
    request = InstallRequest(
        site_key=stage.tenant.site_key, base_url=stage.tenant.base_url, secret="a secret of after the loss"
    )
    again = install(services, request)
    assert again.id == stage.tenant.id
    found = services.installations.find(stage.tenant.site_key)
    assert found is not None
    assert (found.registration.secret, found.registration.previous_secret) == ("a secret of after the loss", None)


def test_with_all_keys_lost_a_site_can_leave(stage: Stage) -> None:
    """Erasing a secret does not need to read it."""
    services = stage.process(ONLY_NEW)
    assert uninstall(services, stage.tenant.site_key) is not None
    found = services.installations.find(stage.tenant.site_key)
    assert found is not None
    assert (found.registration.secret, found.tenant.installed) == (None, False)


def test_a_site_at_an_address_of_a_lost_secret_takes_over(stage: Stage) -> None:
    """The previous site there is ended although its secret is unreadable."""
    services = stage.process(ONLY_NEW)
    install(services, InstallRequest(site_key="next", base_url=stage.tenant.base_url, secret="s" * 20))
    former = services.installations.find(stage.tenant.site_key)
    assert former is not None
    assert not former.tenant.installed
