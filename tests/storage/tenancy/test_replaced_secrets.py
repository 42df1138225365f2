from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from lockpoint.connect.sites import PREVIOUS_SECRET_SECONDS
from lockpoint.services.ports.tenancy import Registration
from lockpoint.storage.engine import Database
from lockpoint.storage.retention.purge import FORMER_SECRETS, Retention
from lockpoint.storage.tables import INSTALLATION
from lockpoint.storage.tenancy import replaced_secrets
from lockpoint.storage.tenancy.installations import PostgresInstallations
from lockpoint.storage.tenancy.replaced_secrets import ACCEPTED
from tests.fakes.world import START, FakeClock

PRESENT, FORMER = "the present secret", "the former secret"
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def replaced(installations: PostgresInstallations) -> Registration:
    """Two sites with a secret replaced at START; the second site's clock was an hour ahead."""
    stored = [
        Registration(
            site_key=name,
            base_url=f"https://{name}.example/wiki",
            secret=PRESENT,
            previous_secret=FORMER,
            secret_changed_at=START + ahead,
        )
        for name, ahead in (("acme", timedelta()), ("globex", timedelta(hours=1)))
    ]
    for registration in stored:
        with installations.change(registration.site_key) as change:
            change.store(registration)
    return stored[0]


def registration_of(installations: PostgresInstallations, name: str) -> Registration:
    found = installations.find(name)
    assert found is not None
    return found.registration


def test_a_replaced_secret_is_gone_after_its_three_minutes(
    database: Database, installations: PostgresInstallations, replaced: Registration, clock: FakeClock
) -> None:
    """While a token signed with it is accepted it stays."""
    retention = Retention(database, clock, 30)
    clock.at = START + ACCEPTED - INSTANT
    assert retention.purge().gone[FORMER_SECRETS] == 0
    assert registration_of(installations, "acme") == replaced
    clock.at = START + ACCEPTED
    report = retention.purge()
    assert (report.gone[FORMER_SECRETS], report.complete) == (1, True)
    assert registration_of(installations, "acme") == replace(replaced, previous_secret=None, secret_changed_at=None)
    assert registration_of(installations, "globex").previous_secret == FORMER


def test_it_is_accepted_as_long_as_it_is_kept() -> None:
    """Otherwise a call on its way would be refused."""
    assert timedelta(seconds=PREVIOUS_SECRET_SECONDS) == ACCEPTED


@pytest.mark.usefixtures("replaced")
def test_one_that_could_not_be_erased_is_overdue(database: Database, clock: FakeClock) -> None:
    """Proved by a query; a secret without a date is never accepted, so it counts at once."""
    with database.single() as connection:
        connection.execute(update(INSTALLATION).values(secret_changed_at=None))
        assert replaced_secrets.left_over(connection, clock.now()) == 2
        connection.execute(text("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"))
        connection.execute(text("CREATE TRIGGER no BEFORE UPDATE ON installation FOR EACH ROW EXECUTE FUNCTION no()"))
    try:
        report = Retention(database, clock, 30).purge()
    finally:
        with database.single() as connection:
            connection.execute(text("DROP FUNCTION no CASCADE"))
    assert (report.overdue[FORMER_SECRETS], report.complete) == (2, False)
    assert Retention(database, clock, 30).purge().complete
