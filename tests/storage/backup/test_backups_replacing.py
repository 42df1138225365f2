"""A database that is not empty, and many registrations."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import insert, select, text

from lockpoint.services.errors import OperatorRefusal
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.tenancy import ERASED
from lockpoint.storage.backup.backups import Backups
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import enqueue
from lockpoint.storage.keyring import Keyring
from lockpoint.storage.tables import INSTALLATION_EVENT, METADATA, QUEUE
from lockpoint.storage.tenancy.installations import PostgresInstallations
from tests.fakes.world import START, FakeClock
from tests.storage.backup.backup_files import made_by_hand, two_sites
from tests.storage.builders import audit_event, count, everything, queue, witness
from tests.storage.conftest import install


def test_a_database_that_is_not_empty_is_left_alone(
    backups: Backups, installations: PostgresInstallations, database: Database
) -> None:
    two_sites(installations)
    data, before = backups.create().data, everything(database)
    with pytest.raises(OperatorRefusal, match=r"not empty: it has 2 sites and 2 events"):
        backups.restore(data, replace=False)
    assert everything(database) == before


def test_a_log_without_sites_counts_as_not_empty(
    backups: Backups, installations: PostgresInstallations, database: Database, keys: Keyring
) -> None:
    """A restore must not delete the log of installs by accident."""
    with database.single() as connection:
        connection.execute(insert(INSTALLATION_EVENT).values(tenant_id=1, event="uninstalled", at=START))
    with pytest.raises(OperatorRefusal, match="0 sites and 1 events"):
        backups.restore(made_by_hand(keys), replace=False)
    assert installations.find("k") is None


def test_many_registrations_come_back(
    backups: Backups, database: Database, keys: Keyring, empty: Database, clock: FakeClock
) -> None:
    """H1: each gets two jobs, and none of its rows is taken for another site's."""
    with database.single() as connection:
        connection.execute(
            text(
                "INSERT INTO installation (client_key, base_url, installed, enabled)"
                " SELECT 'many ' || n, 'https://m' || n || '.example/wiki', true, true FROM generate_series(1, 40000) n"
            )
        )
    restored = Backups(empty, keys, clock)
    assert restored.restore(backups.create().data, replace=True).active_sites == 40_000
    assert restored.restore(backups.create().data, replace=True).active_sites == 40_000
    assert count(empty, "queue") == 80_000


def test_replacing_brings_no_departed_site_back(
    backups: Backups, installations: PostgresInstallations, database: Database, clock: FakeClock
) -> None:
    """Uninstalls after the backup stay if the replaced rows say so; new sites must install again."""
    for name in ("acme", "globex", "initech"):
        install(installations, name)
    clock.advance(days=1)
    end(installations, "initech", clock)
    data = backups.create().data
    clock.advance(days=1)
    install(installations, "initech")
    end(installations, "globex", clock)
    left = clock.now()
    clock.advance(days=31)
    assert backups.restore(data, replace=True).active_sites == 1
    found = {name: installations.find(name) for name in ("acme", "globex", "initech")}
    assert {name: one.tenant.installed for name, one in found.items() if one} == {
        "acme": True, "globex": False, "initech": False,
    }  # fmt: skip
    assert found["globex"] is not None
    assert (found["globex"].registration.secret, found["globex"].tenant.base_url) == (None, ERASED)
    assert found["globex"].registration.uninstalled_at == left
    with database.single() as connection:
        log = connection.execute(select(INSTALLATION_EVENT.c.tenant_id, INSTALLATION_EVENT.c.at)).all()
    assert [tuple(row) for row in log] == [(found["globex"].tenant.id, left)]
    assert {row.args["tenant_id"] for row in queue(database)} == {1}


def end(installations: PostgresInstallations, name: str, clock: FakeClock) -> None:
    with installations.change(name) as change:
        found = change.find(name)
        assert found is not None
        gone = {"secret": None, "installed": False, "enabled": False, "uninstalled_at": clock.now()}
        change.store(replace(found.registration, **gone))


def test_replacing_never_gives_one_sites_rows_to_another(
    backups: Backups, installations: PostgresInstallations, empty: Database, keys: Keyring, clock: FakeClock
) -> None:
    """Rows of an id that now belongs to another site are deleted."""
    two_sites(installations)
    data = backups.create().data
    elsewhere = PostgresInstallations(empty, keys)
    same = install(elsewhere, "acme")
    other = install(elsewhere, "another site")
    assert (same.id, other.id) == (1, 2)
    effects = PostgresEffects(empty, clock)
    for tenant in (same, other):
        effects.record(tenant, Effects(witness=witness(), audit=(audit_event(at=empty_now(empty)),)))
        with empty.transaction() as connection:
            enqueue(connection, [Job(JobKind.SWEEP, tenant.id)])
    Backups(empty, keys, clock).restore(data, replace=True)
    with empty.single() as connection:
        left = {
            name: set(connection.execute(select(METADATA.tables[name].c.tenant_id)).scalars())
            for name in ("lock_witness", "audit_event")
        }
        jobs = {row.args["tenant_id"] for row in connection.execute(select(QUEUE))}
    assert left == {"lock_witness": {1}, "audit_event": {1}}
    assert jobs == {1}
    found = elsewhere.find("gone")
    assert found is not None
    assert found.tenant.id == 2


def empty_now(database: Database) -> datetime:
    """The database's own time, which has a partition."""
    with database.single() as connection:
        now: datetime = connection.execute(text("SELECT now()")).scalar_one()
    return now
