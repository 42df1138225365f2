from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from lockpoint.services.context import Tenant
from lockpoint.services.errors import OperatorRefusal
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.tenancy import ERASED, InstallationEvent, Registration
from lockpoint.services.tenancy.absence import jobs_after_return
from lockpoint.storage.backup.backups import Backups
from lockpoint.storage.backup.file_format import LONGEST_HEADER, MAGIC, pack, read_header, unpack
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import enqueue
from lockpoint.storage.keyring import Keyring, keyring
from lockpoint.storage.retention.purge import Retention
from lockpoint.storage.tables import INSTALLATION, INSTALLATION_EVENT, METADATA, QUEUE
from lockpoint.storage.tenancy.installations import PostgresInstallations
from lockpoint.storage.tenancy.licences import PostgresLicences
from tests.fakes.world import ALICE, BOB, START, FakeClock
from tests.storage.builders import audit_event, count, everything, queue, witness
from tests.storage.conftest import install
from tests.support import databases

OLD, NEW = "an old root key of more than 32 characters", "a new root key of more than 32 characters"


@pytest.fixture
def backups(database: Database, keys: Keyring, clock: FakeClock) -> Backups:
    return Backups(database, keys, clock)


@pytest.fixture
def empty(servers: databases.Addresses, worker_id: str) -> Any:
    """A second, migrated, empty database."""
    with databases.database(servers, worker_id) as url:
        fresh = Database(url, size=4)
        yield fresh
        fresh.close()


def two_sites(installations: PostgresInstallations) -> None:
    """One installed site with a replaced secret, one uninstalled."""
    with installations.change("acme") as change:
        tenant = change.store(
            Registration(
                site_key="acme",
                base_url="https://acme.example/wiki",
                oauth_client_id="client",
                secret="the shared secret",
                previous_secret="the former secret",
                secret_changed_at=START,
            )
        )
        change.log(tenant.id, InstallationEvent.INSTALLED, START)
    with installations.change("gone") as change:
        left = change.store(
            Registration(
                site_key="gone",
                base_url="https://gone.example/wiki",
                display_url="https://shown.gone.example",
                oauth_client_id="client of gone",
                installed=False,
                enabled=False,
                uninstalled_at=START,
            )
        )
        change.log(left.id, InstallationEvent.UNINSTALLED, START)


def content_of(backup: bytes, keys: Keyring) -> Any:
    return unpack(backup, keys)[1]


# --- what is in it ---------------------------------------------------------------------------------------------


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


# --- what is refused -------------------------------------------------------------------------------------------


def cut(data: bytes) -> bytes:
    return data[:-20]


def flipped(data: bytes) -> bytes:
    return data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]


def lengthened(data: bytes) -> bytes:
    return data + b"x"


def redated(data: bytes) -> bytes:
    return data.replace(b"2026-03-02", b"2026-03-03", 1)


def of_later_format(data: bytes) -> bytes:
    return data.replace(b'"format":1', b'"format":2', 1)


def headless(data: bytes) -> bytes:
    return data[data.index(b"\n") + 1 :]


def torn_header(data: bytes) -> bytes:
    return data.replace(b'"createdAt"', b'"createdBt"', 1)


def no_json(data: bytes) -> bytes:
    return MAGIC + b"{" + data[len(MAGIC) :]


def a_list(data: bytes) -> bytes:
    return MAGIC + b"[]\n" + data


def nothing(_data: bytes) -> bytes:
    return b""


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut, "truncated: "),
        (flipped, "damaged: its checksum"),
        (lengthened, "damaged: its checksum"),
        (redated, "damaged: its checksum"),
        (of_later_format, "newer Lockpoint: format 2, this one reads 1"),
        (headless, "not a backup"),
        (torn_header, "header cannot be read"),
        (no_json, "header cannot be read"),
        (a_list, "header cannot be read"),
        (nothing, "not a backup"),
    ],
)
def test_a_damaged_backup_is_refused_with_the_reason(
    backups: Backups,
    installations: PostgresInstallations,
    empty: Database,
    keys: Keyring,
    clock: FakeClock,
    damage: Callable[[bytes], bytes],
    reason: str,
) -> None:
    two_sites(installations)
    with pytest.raises(OperatorRefusal, match=reason):
        Backups(empty, keys, clock).restore(damage(backups.create().data), replace=True)
    assert count(empty, "installation") == 0


def test_a_wrong_key_is_refused_by_its_name(
    backups: Backups, installations: PostgresInstallations, empty: Database, keys: Keyring, clock: FakeClock
) -> None:
    two_sites(installations)
    data = backups.create().data
    with pytest.raises(OperatorRefusal, match=f"key {keys.newest}, which is not .*{keyring([NEW]).newest}"):
        Backups(empty, keyring([NEW]), clock).restore(data, replace=False)
    assert count(empty, "installation") == 0


def test_a_forged_backup_is_refused(keys: Keyring, empty: Database, clock: FakeClock) -> None:
    """Its checksum fits and it names our key."""
    stranger = keyring(["a root key that somebody else thought of, long"])
    object.__setattr__(stranger.mac_keys, "newest", keys.newest)
    forged = replace(stranger, _backup_keys={keys.newest: b"0" * 32})
    rows: dict[str, list[dict[str, Any]]] = {"installation": [], "installation_event": []}
    data = pack(rows, forged, created_at=START, schema_revision="0001", nonce=b"0" * 12)
    with pytest.raises(OperatorRefusal, match="its signature does not fit"):
        Backups(empty, keys, clock).restore(data, replace=True)


def made_by_hand(keys: Keyring, *, revision: str = "0001", **more: object) -> bytes:
    site = {"id": 5, "client_key": "k", "base_url": "https://k.example/wiki", "secret": None, "installed": True}
    rows: dict[str, list[dict[str, Any]]] = {
        "installation": [{**site, "enabled": True, **more}],
        "installation_event": [],
    }
    return pack(rows, keys, created_at=START, schema_revision=revision, nonce=b"n" * 12)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"revision": "9999"}, "newer Lockpoint: schema 9999"),
        ({"column_of_tomorrow": 1}, "newer Lockpoint: installation has column_of_tomorrow"),
        ({"base_url": None}, "do not fit the tables"),
    ],
)
def test_a_backup_of_another_schema_is_refused(
    made: dict[str, Any], reason: str, keys: Keyring, empty: Database, clock: FakeClock
) -> None:
    """Nothing is half restored."""
    with pytest.raises(OperatorRefusal, match=reason):
        Backups(empty, keys, clock).restore(made_by_hand(keys, **made), replace=False)
    assert count(empty, "installation") == 0


def test_columns_that_an_older_backup_lacks_get_their_defaults(
    keys: Keyring, empty: Database, clock: FakeClock
) -> None:
    Backups(empty, keys, clock).restore(made_by_hand(keys), replace=False)
    found = PostgresInstallations(empty, keys).find("k")
    assert found is not None
    assert (found.registration.display_url, found.registration.secret) == (None, None)


def test_a_site_that_left_before_its_time_was_kept_leaves_too(keys: Keyring, empty: Database, clock: FakeClock) -> None:
    """Without a recorded uninstall its 30 days begin with the restore."""
    known = clock.now() - timedelta(days=3)
    for left in ({}, {"uninstalled_at": known.isoformat()}):
        made = made_by_hand(keys, installed=False, enabled=False, **left)
        Backups(empty, keys, clock).restore(made, replace=True)
        with empty.single() as connection:
            assert connection.execute(select(INSTALLATION.c.uninstalled_at)).scalar_one() == (
                known if left else clock.now()
            )


@pytest.mark.parametrize(("stored", "restored"), [("returning", "none"), ("none", "none"), ("active", "active")])
def test_a_licence_in_words_of_another_version_is_none(
    keys: Keyring, empty: Database, clock: FakeClock, stored: str, restored: str
) -> None:
    """Until Confluence reports a licence again, restore nothing; then the site counts as returned."""
    Backups(empty, keys, clock).restore(made_by_hand(keys, licence=stored), replace=False)
    assert PostgresLicences(empty, jobs_after_return).get(Tenant(5, "k", "")).licence == restored


def test_an_unmigrated_database_is_named(servers: databases.Addresses, keys: Keyring, clock: FakeClock) -> None:
    unmigrated = Database(servers.postgres.format("template1"), size=1)
    bare = Backups(unmigrated, keys, clock)
    for attempt in (bare.create, lambda: bare.restore(made_by_hand(keys), replace=False)):
        with pytest.raises(OperatorRefusal, match="run `lockpoint migrate` first"):
            attempt()
    unmigrated.close()


# --- a database that is not empty ------------------------------------------------------------------------------


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
