"""What a backup brings back, what is not in it, and who can read it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from lockpoint.services.context import Tenant
from lockpoint.services.errors import OperatorRefusal
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.tenancy import ERASED
from lockpoint.services.tenancy.absence import jobs_after_return
from lockpoint.storage.backup.backups import Backups
from lockpoint.storage.backup.file_format import LONGEST_HEADER, read_header
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import Keyring, keyring
from lockpoint.storage.retention.purge import Retention
from lockpoint.storage.tables import INSTALLATION, INSTALLATION_EVENT
from lockpoint.storage.tenancy.installations import PostgresInstallations
from lockpoint.storage.tenancy.licences import PostgresLicences
from tests.fakes.world import ALICE, BOB, START, FakeClock
from tests.storage.backup.backup_files import NEW, OLD, content_of, two_sites
from tests.storage.builders import audit_event, queue, witness
from tests.storage.conftest import install


def test_a_backup_brings_every_registration_back(
    backups: Backups, installations: PostgresInstallations, empty: Database, keys: Keyring, clock: FakeClock
) -> None:
    two_sites(installations)
    restored = Backups(empty, keys, clock).restore(backups.create().data, replace=False)
    assert (restored.rows, restored.active_sites) == ({"installation": 2, "installation_event": 2}, 1)
    fresh = PostgresInstallations(empty, keys)
    for site_key in ("acme", "gone"):
        before, after = installations.find(site_key), fresh.find(site_key)
        assert before is not None
        assert after is not None
        lost = {"base_url": ERASED, "display_url": None, "oauth_client_id": None} if site_key == "gone" else {}
        assert after.tenant == replace(before.tenant, **lost)
        assert after.registration == replace(before.registration, previous_secret=None, secret_changed_at=None, **lost)
    with empty.single() as connection:
        events = connection.execute(select(INSTALLATION_EVENT)).all()
    assert [(event.event, event.at) for event in events] == [("installed", START), ("uninstalled", START)]
    assert sorted((row.task_name, row.args["tenant_id"]) for row in queue(empty)) == [
        ("rediscover", 1),
        ("self_test", 1),
    ]
    newcomer = install(fresh, "newcomer")
    assert newcomer.id > 2, "ids that were given are not given again"


def test_only_registrations_are_in_a_backup(
    backups: Backups, database: Database, installations: PostgresInstallations, keys: Keyring, clock: FakeClock
) -> None:
    """Nothing with a limit of 30 days."""
    two_sites(installations)
    found = installations.find("acme")
    assert found is not None
    PostgresEffects(database, clock).record(
        found.tenant, Effects(witness=witness("987654"), audit=(audit_event(account=BOB),))
    )
    content = content_of(backups.create().data, keys)
    assert set(content) == {"installation", "installation_event"}
    assert not {"previous_secret", "secret_changed_at"} & set(content["installation"][0])
    text_ = json.dumps(content)
    assert "acme.example" in text_
    assert not [word for word in (ALICE, BOB, "987654") if word in text_]


def test_an_uninstalled_sites_secret_is_not_in_a_backup(
    backups: Backups, database: Database, installations: PostgresInstallations, keys: Keyring
) -> None:
    """Even if its row still has one."""
    two_sites(installations)
    with database.single() as connection:
        connection.execute(
            update(INSTALLATION)
            .where(INSTALLATION.c.client_key == "gone")
            .values(secret=keys.seal("a secret that should be gone", "gone"))
        )
    rows = {row["client_key"]: row for row in content_of(backups.create().data, keys)["installation"]}
    assert rows["gone"]["secret"] is None
    assert keys.unseal(rows["acme"]["secret"], "acme") == "the shared secret"


def test_of_a_departed_site_only_what_stays_for_good_is_in_a_backup(
    backups: Backups, database: Database, installations: PostgresInstallations, keys: Keyring
) -> None:
    """The purge after 30 days cannot reach into a backup."""
    two_sites(installations)
    PostgresLicences(database, jobs_after_return).note(Tenant(2, "gone", ""), active=False, at=START)
    rows = {row["client_key"]: row for row in content_of(backups.create().data, keys)["installation"]}
    kept = {name: value for name, value in rows["gone"].items() if value not in (None, False, "", [])}
    assert kept == {"id": 2, "client_key": "gone", "uninstalled_at": START.isoformat(), "door": "connect"}
    assert rows["acme"]["base_url"] == "https://acme.example/wiki"


def test_a_restored_departure_is_purged_in_time_and_can_return(
    backups: Backups, installations: PostgresInstallations, empty: Database, keys: Keyring, clock: FakeClock
) -> None:
    """The 30 days count from the uninstall."""
    two_sites(installations)
    data = backups.create().data
    clock.at = START + timedelta(days=30)
    Backups(empty, keys, clock).restore(data, replace=False)
    assert Retention(empty, clock, 30).purge().overdue["uninstalled"] == 0
    assert install(PostgresInstallations(empty, keys), "gone").id == 2


def test_a_backup_shows_nothing_without_its_key(
    backups: Backups, installations: PostgresInstallations, keys: Keyring
) -> None:
    two_sites(installations)
    made = backups.create()
    assert not [word for word in (b"acme", b"gone", b"secret", b"example", b"uninstalled") if word in made.data]
    header = read_header(made.data[:LONGEST_HEADER])
    assert header == made.header
    assert (header.key_id, header.created_at) == (keys.newest, START)
    assert header.rows == {"installation": 2, "installation_event": 2}
    assert backups.create().data != made.data, "no two backups are encrypted alike"


def test_a_backup_needs_one_key_only(database: Database, empty: Database, clock: FakeClock) -> None:
    """Even if made during a rotation."""
    two_sites(PostgresInstallations(database, keyring([OLD])))
    made = Backups(database, keyring([NEW, OLD]), clock).create()
    Backups(empty, keyring([NEW]), clock).restore(made.data, replace=False)
    found = PostgresInstallations(empty, keyring([NEW])).find("acme")
    assert found is not None
    assert found.registration.secret == "the shared secret"


def test_an_old_backup_is_restored_with_the_old_key_beside_the_new(
    database: Database, empty: Database, clock: FakeClock
) -> None:
    """The secrets are then sealed with the newest key."""
    two_sites(PostgresInstallations(database, keyring([OLD])))
    made = Backups(database, keyring([OLD]), clock).create()
    Backups(empty, keyring([NEW, OLD]), clock).restore(made.data, replace=False)
    found = PostgresInstallations(empty, keyring([NEW])).find("acme")
    assert found is not None
    assert found.registration.secret == "the shared secret"


def test_a_secret_that_no_key_opens_makes_no_backup(database: Database, clock: FakeClock) -> None:
    """A backup that silently lacks a site would be worse than none."""
    two_sites(PostgresInstallations(database, keyring([OLD])))
    with pytest.raises(OperatorRefusal, match=r"site 1 cannot be read: no key of LOCKPOINT_SECRET_KEYS"):
        Backups(database, keyring([NEW]), clock).create()
