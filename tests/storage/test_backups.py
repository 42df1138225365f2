from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, text, update

from lockpoint.services.context import Tenant
from lockpoint.services.errors import OperatorRefusal
from lockpoint.services.lifecycle import ERASED
from lockpoint.services.ports import Effects, InstallationEvent, Job, JobKind, Registration
from lockpoint.storage import backup_folder
from lockpoint.storage.backup_file import LONGEST_HEADER, MAGIC, pack, read_header, unpack
from lockpoint.storage.backup_schedule import Schedule, kept
from lockpoint.storage.backups import Backups
from lockpoint.storage.crypto import Keyring, keyring
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs import enqueue
from lockpoint.storage.ledger import Ledger
from lockpoint.storage.licences import LicenceNotes
from lockpoint.storage.retention import Retention
from lockpoint.storage.tables import INSTALLATION, INSTALLATION_EVENT, METADATA, QUEUE
from lockpoint.storage.tenants import Installations
from tests import databases
from tests.fakes import ALICE, BOB, START, FakeClock
from tests.storage.builders import audit_event, count, everything, queue, witness
from tests.storage.conftest import install

OLD, NEW = "an old root key of more than 32 characters", "a new root key of more than 32 characters"
MOMENTS = st.integers(0, 4 * 366 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@pytest.fixture
def backups(database: Database, keys: Keyring, clock: FakeClock) -> Backups:
    return Backups(database, keys, clock)


@pytest.fixture
def empty(servers: databases.Addresses, worker_id: str) -> Any:
    """A second database: migrated, and nothing in it."""
    with databases.database(servers, worker_id) as url:
        fresh = Database(url, size=4)
        yield fresh
        fresh.close()


def two_sites(installations: Installations) -> None:
    """One that is installed, whose secret was replaced; and one that left."""
    with installations.change("acme") as change:
        tenant = change.store(
            Registration(
                client_key="acme",
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
                client_key="gone",
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
    backups: Backups, installations: Installations, empty: Database, keys: Keyring, clock: FakeClock
) -> None:
    """Restored into an empty database the sites, their secrets and their log are as they were, under the same ids."""
    two_sites(installations)
    restored = Backups(empty, keys, clock).restore(backups.create().data, replace=False)
    assert (restored.rows, restored.active) == ({"installation": 2, "installation_event": 2}, 1)
    fresh = Installations(empty, keys)
    for client_key in ("acme", "gone"):
        before, after = installations.find(client_key), fresh.find(client_key)
        assert before is not None
        assert after is not None
        lost = {"base_url": ERASED, "display_url": None, "oauth_client_id": None} if client_key == "gone" else {}
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
    backups: Backups, database: Database, installations: Installations, keys: Keyring, clock: FakeClock
) -> None:
    """Nothing with a limit of 30 days is in a backup, and no replaced secret."""
    two_sites(installations)
    found = installations.find("acme")
    assert found is not None
    Ledger(database, clock).record(found.tenant, Effects(witness=witness("987654"), audit=(audit_event(account=BOB),)))
    content = content_of(backups.create().data, keys)
    assert set(content) == {"installation", "installation_event"}
    assert not {"previous_secret", "secret_changed_at"} & set(content["installation"][0])
    text_ = json.dumps(content)
    assert "acme.example" in text_
    assert not [word for word in (ALICE, BOB, "987654") if word in text_]


def test_an_uninstalled_sites_secret_is_not_in_a_backup(
    backups: Backups, database: Database, installations: Installations, keys: Keyring
) -> None:
    """Even where a row of a site that left should still have one."""
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
    backups: Backups, database: Database, installations: Installations, keys: Keyring
) -> None:
    """What the purge would erase 30 days after the uninstall nobody could erase from a backup: so it is not in one."""
    two_sites(installations)
    LicenceNotes(database).note(Tenant(2, "gone", ""), active=False, at=START)
    rows = {row["client_key"]: row for row in content_of(backups.create().data, keys)["installation"]}
    kept = {name: value for name, value in rows["gone"].items() if value not in {None, False, ""}}
    assert kept == {"id": 2, "client_key": "gone", "uninstalled_at": START.isoformat()}
    assert rows["acme"]["base_url"] == "https://acme.example/wiki"


def test_a_restored_departure_is_purged_in_time_and_can_return(
    backups: Backups, installations: Installations, empty: Database, keys: Keyring, clock: FakeClock
) -> None:
    """Restored, it counts its 30 days from the uninstall; nothing is left over; an install gets the number back."""
    two_sites(installations)
    data = backups.create().data
    clock.at = START + timedelta(days=30)
    Backups(empty, keys, clock).restore(data, replace=False)
    assert Retention(empty, clock, 30).purge().overdue["uninstalled"] == 0
    assert install(Installations(empty, keys), "gone").id == 2


def test_a_backup_shows_nothing_without_its_key(backups: Backups, installations: Installations, keys: Keyring) -> None:
    """It is encrypted before it leaves the process; the header in the clear says what it is and nothing about sites."""
    two_sites(installations)
    made = backups.create()
    assert not [word for word in (b"acme", b"gone", b"secret", b"example", b"uninstalled") if word in made.data]
    header = read_header(made.data[:LONGEST_HEADER])
    assert header == made.header
    assert (header.key_id, header.created_at) == (keys.newest, START)
    assert header.rows == {"installation": 2, "installation_event": 2}
    assert backups.create().data != made.data, "no two backups are encrypted alike"


def test_a_backup_needs_one_key_only(database: Database, empty: Database, clock: FakeClock) -> None:
    """Made in the middle of a rotation, it is restored with the newest key alone."""
    two_sites(Installations(database, keyring([OLD])))
    made = Backups(database, keyring([NEW, OLD]), clock).create()
    Backups(empty, keyring([NEW]), clock).restore(made.data, replace=False)
    found = Installations(empty, keyring([NEW])).find("acme")
    assert found is not None
    assert found.registration.secret == "the shared secret"


def test_an_old_backup_is_restored_with_the_old_key_beside_the_new(
    database: Database, empty: Database, clock: FakeClock
) -> None:
    """What it brings back is under the newest key at once."""
    two_sites(Installations(database, keyring([OLD])))
    made = Backups(database, keyring([OLD]), clock).create()
    Backups(empty, keyring([NEW, OLD]), clock).restore(made.data, replace=False)
    found = Installations(empty, keyring([NEW])).find("acme")
    assert found is not None
    assert found.registration.secret == "the shared secret"


def test_a_secret_that_no_key_opens_makes_no_backup(database: Database, clock: FakeClock) -> None:
    """A backup that silently lacked a site would be worse than none."""
    two_sites(Installations(database, keyring([OLD])))
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
    installations: Installations,
    empty: Database,
    keys: Keyring,
    clock: FakeClock,
    damage: Callable[[bytes], bytes],
    reason: str,
) -> None:
    """Damaged, truncated or of a newer format: refused with a reason, and nothing is changed."""
    two_sites(installations)
    with pytest.raises(OperatorRefusal, match=reason):
        Backups(empty, keys, clock).restore(damage(backups.create().data), replace=True)
    assert count(empty, "installation") == 0


def test_a_wrong_key_is_refused_by_its_name(
    backups: Backups, installations: Installations, empty: Database, keys: Keyring, clock: FakeClock
) -> None:
    """The reason names the key that is missing, and those that are there."""
    two_sites(installations)
    data = backups.create().data
    with pytest.raises(OperatorRefusal, match=f"key {keys.newest}, which is not .*{keyring([NEW]).newest}"):
        Backups(empty, keyring([NEW]), clock).restore(data, replace=False)
    assert count(empty, "installation") == 0


def test_a_forged_backup_is_refused(keys: Keyring, empty: Database, clock: FakeClock) -> None:
    """Whoever makes one up with a fitting checksum, and claims one of our keys, does not have that key."""
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
    """What this version has no place for is not half restored."""
    with pytest.raises(OperatorRefusal, match=reason):
        Backups(empty, keys, clock).restore(made_by_hand(keys, **made), replace=False)
    assert count(empty, "installation") == 0


def test_columns_that_an_older_backup_lacks_get_their_defaults(
    keys: Keyring, empty: Database, clock: FakeClock
) -> None:
    """A backup made before a migration is restored after it."""
    Backups(empty, keys, clock).restore(made_by_hand(keys), replace=False)
    found = Installations(empty, keys).of(5)
    assert found is not None
    assert (found.registration.display_url, found.registration.secret) == (None, None)


def test_a_site_that_left_before_its_time_was_kept_leaves_too(keys: Keyring, empty: Database, clock: FakeClock) -> None:
    """Nobody knows when it left, so its 30 days begin with the restore; a time that is known stays."""
    known = clock.now() - timedelta(days=3)
    for left in ({}, {"uninstalled_at": known.isoformat()}):
        made = made_by_hand(keys, installed=False, enabled=False, **left)
        Backups(empty, keys, clock).restore(made, replace=True)
        with empty.single() as connection:
            assert connection.execute(select(INSTALLATION.c.uninstalled_at)).scalar_one() == (
                known if left else clock.now()
            )


def test_an_unmigrated_database_is_named(servers: databases.Addresses, keys: Keyring, clock: FakeClock) -> None:
    """The reason tells what to do first."""
    unmigrated = Database(servers.postgres.format("template1"), size=1)
    bare = Backups(unmigrated, keys, clock)
    for attempt in (bare.create, lambda: bare.restore(made_by_hand(keys), replace=False)):
        with pytest.raises(OperatorRefusal, match="run `lockpoint migrate` first"):
            attempt()
    unmigrated.close()


# --- a database that is not empty ------------------------------------------------------------------------------


def test_a_database_that_is_not_empty_is_left_alone(
    backups: Backups, installations: Installations, database: Database
) -> None:
    """Only --replace takes what is there away."""
    two_sites(installations)
    data, before = backups.create().data, everything(database)
    with pytest.raises(OperatorRefusal, match=r"not empty: it has 2 sites and 2 events"):
        backups.restore(data, replace=False)
    assert everything(database) == before


def test_a_log_without_sites_counts_as_not_empty(
    backups: Backups, installations: Installations, database: Database, keys: Keyring
) -> None:
    """The log of installs is kept, so nobody loses it by accident."""
    with database.single() as connection:
        connection.execute(insert(INSTALLATION_EVENT).values(tenant_id=1, event="uninstalled", at=START))
    with pytest.raises(OperatorRefusal, match="0 sites and 1 events"):
        backups.restore(made_by_hand(keys), replace=False)
    assert installations.of(5) is None


def test_replacing_brings_no_departed_site_back(
    backups: Backups, installations: Installations, database: Database, clock: FakeClock
) -> None:
    """Who left after the backup was made has left, as far as the replaced rows know; newcomers install again."""
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
    assert backups.restore(data, replace=True).active == 1
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


def end(installations: Installations, name: str, clock: FakeClock) -> None:
    with installations.change(name) as change:
        found = change.find(name)
        assert found is not None
        gone = {"secret": None, "installed": False, "enabled": False, "uninstalled_at": clock.now()}
        change.store(replace(found.registration, **gone))


def test_replacing_never_gives_one_sites_rows_to_another(
    backups: Backups, installations: Installations, empty: Database, keys: Keyring, clock: FakeClock
) -> None:
    """Rows of a number that stands for another site after the restore go; those of a site that stays, stay."""
    two_sites(installations)
    data = backups.create().data
    elsewhere = Installations(empty, keys)
    same = install(elsewhere, "acme")
    other = install(elsewhere, "another site")
    assert (same.id, other.id) == (1, 2)
    ledger = Ledger(empty, clock)
    for tenant in (same, other):
        ledger.record(tenant, Effects(witness=witness(), audit=(audit_event(at=empty_now(empty)),)))
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
    found = elsewhere.of(2)
    assert found is not None
    assert found.tenant.client_key == "gone"


def empty_now(database: Database) -> datetime:
    """The database's own time, for which there is a partition."""
    with database.single() as connection:
        now: datetime = connection.execute(text("SELECT now()")).scalar_one()
    return now


# --- the folder ------------------------------------------------------------------------------------------------


def test_a_backup_appears_whole_and_for_its_owner_only(
    backups: Backups, installations: Installations, tmp_path: Path, clock: FakeClock
) -> None:
    """Written beside, then renamed; 0600; names sort by time."""
    two_sites(installations)
    paths = []
    for _ in range(3):
        made, path = backups.store(tmp_path)
        assert path.read_bytes() == made.data
        assert path.stat().st_mode & 0o777 == 0o600
        paths.append(path)
        clock.advance(seconds=0.5)
    assert sorted(tmp_path.iterdir()) == paths
    assert paths[0].name == "lockpoint-20260302T090000.000000Z.backup"


def test_what_cannot_be_written_leaves_nothing_behind(
    backups: Backups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing folder, a full disk or a name that is taken: a reason, and no half backup."""
    with pytest.raises(OperatorRefusal, match=r"cannot write to .*No such file or directory"):
        backups.store(tmp_path / "missing")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(backup_folder.os, "fsync", full)
        with pytest.raises(OperatorRefusal, match="No space left"):
            backups.store(tmp_path)
    assert list(tmp_path.iterdir()) == []
    backups.store(tmp_path)
    with pytest.raises(OperatorRefusal, match=r"there is a backup .* already"):
        backups.store(tmp_path)


def put(folder: Path, keys: Keyring, moment: datetime, name: str | None = None) -> str:
    """A whole backup of nothing, made then, under its name or another."""
    rows: dict[str, list[dict[str, Any]]] = {"installation": [], "installation_event": []}
    data = pack(rows, keys, created_at=moment, schema_revision="0001", nonce=b"n" * 12)
    (folder / (name or backup_folder.name_of(moment))).write_bytes(data)
    return name or backup_folder.name_of(moment)


def test_pruning_touches_backups_only(backups: Backups, tmp_path: Path, clock: FakeClock, keys: Keyring) -> None:
    """Other files stay, whatever they are called; remains of an interrupted writing go after a day."""
    moments = [START - timedelta(hours=6 * number) for number in range(40)]
    for moment in moments:
        put(tmp_path, keys, moment)
    others = ["notes.txt", "lockpoint-2026.backup", "lockpoint-20260302T090000.000000Z.backup.gpg"]
    young = f".{backup_folder.name_of(START)}.partial"
    old = f".{backup_folder.name_of(START - timedelta(days=2))}.partial"
    for name in (*others, young, old):
        (tmp_path / name).write_bytes(b"x")
    before = {path.name for path in tmp_path.iterdir()}
    planned = backups.prune(tmp_path, dry_run=True)
    assert {path.name for path in tmp_path.iterdir()} == before
    done = backups.prune(tmp_path, dry_run=False)
    assert done == planned
    assert old in done.removed
    staying = {backup_folder.name_of(moment) for moment in kept(moments)}
    assert set(done.kept) == staying
    assert {path.name for path in tmp_path.iterdir()} == {*staying, *others, young}
    clock.advance(days=400)
    assert backups.prune(tmp_path, dry_run=False).removed == (young,), "nothing goes because time passes"


@pytest.mark.parametrize("spoil", [nothing, cut, flipped, headless, torn_header])
def test_a_spoilt_file_takes_no_good_backups_place(
    backups: Backups, tmp_path: Path, keys: Keyring, spoil: Callable[[bytes], bytes]
) -> None:
    """A newer file of the same day that is empty, cut or damaged: it is named and stays, and so does the good one."""
    good = [put(tmp_path, keys, START - timedelta(days=number)) for number in range(3)]
    spoilt = put(tmp_path, keys, START + timedelta(hours=1))
    (tmp_path / spoilt).write_bytes(spoil((tmp_path / spoilt).read_bytes()))
    pruned = backups.prune(tmp_path, dry_run=False)
    assert pruned == backup_folder.Pruned(kept=tuple(sorted(good)), removed=(), spoilt=(spoilt,))
    assert {path.name for path in tmp_path.iterdir()} == {*good, spoilt}


def test_the_time_of_a_backup_is_the_one_inside(backups: Backups, tmp_path: Path, keys: Keyring) -> None:
    """A copy under a later name is as old as what is in it, and a name with an impossible time is no trouble."""
    newest = put(tmp_path, keys, START)
    impossible = put(tmp_path, keys, START - timedelta(days=1), "lockpoint-20261399T090000.000000Z.backup")
    old = put(tmp_path, keys, START - timedelta(days=500), backup_folder.name_of(START + timedelta(days=1)))
    pruned = backups.prune(tmp_path, dry_run=False)
    assert (set(pruned.kept), pruned.removed) == ({newest, impossible}, (old,))
    with pytest.raises(OperatorRefusal, match="cannot prune"):
        backups.prune(tmp_path / "missing", dry_run=False)


def test_a_backup_from_the_future_stops_pruning(backups: Backups, tmp_path: Path, keys: Keyring) -> None:
    """Made by a machine with a wrong clock, it would make all others look old: nothing is removed."""
    for days in (0, 1, 600, -400):
        put(tmp_path, keys, START - timedelta(days=days))
    with pytest.raises(OperatorRefusal, match="says that it was made in the future"):
        backups.prune(tmp_path, dry_run=False)
    assert len(list(tmp_path.iterdir())) == 4


def test_the_remains_of_an_impossible_time_stop_pruning(backups: Backups, tmp_path: Path, keys: Keyring) -> None:
    """Rather than guess how old they are, nothing is removed."""
    for number in range(40):
        put(tmp_path, keys, START - timedelta(hours=number))
    (tmp_path / ".lockpoint-20261399T090000.000000Z.backup.partial").write_bytes(b"x")
    with pytest.raises(OperatorRefusal, match="names a time that does not exist"):
        backups.prune(tmp_path, dry_run=False)
    assert len(list(tmp_path.iterdir())) == 41


def test_it_can_be_told_which_key_a_folders_backups_need(backups: Backups, tmp_path: Path, keys: Keyring) -> None:
    """Without any key; files that are no backups do not count."""
    backups.store(tmp_path)
    (tmp_path / backup_folder.name_of(START + timedelta(days=1))).write_bytes(b"no backup")
    assert [header.key_id for header in backups.in_folder(tmp_path)] == [keys.newest]
    with pytest.raises(OperatorRefusal, match="cannot read"):
        backups.in_folder(tmp_path / "missing")


# --- the schedule ----------------------------------------------------------------------------------------------


def periods(moment: datetime) -> tuple[int, int, int]:
    """The numbers of the day, of the week and of the month."""
    monday = moment.date() - timedelta(days=moment.weekday())
    return moment.toordinal(), monday.toordinal() // 7, moment.year * 12 + moment.month


@given(st.sets(MOMENTS, max_size=120))
def test_the_newest_of_each_kept_period_stays(moments: set[datetime]) -> None:
    """Of the last 7 days, 8 weeks and 12 months up to the newest the newest stays, and nothing else does."""
    staying = kept(moments)
    expected = set()
    for kind, most in enumerate((7, 8, 12)):
        last = max((periods(moment)[kind] for moment in moments), default=0)
        for period in range(last - most + 1, last + 1):
            expected |= {max((m for m in moments if periods(m)[kind] == period), default=None)} - {None}
    assert staying == expected
    assert len(staying) <= 27
    assert not moments or max(moments) in staying


def test_no_backup_outlives_the_newest_by_12_months() -> None:
    """However rarely one is made: of 13 yearly ones the newest stays; of monthly ones those of the last 12 months."""
    yearly = [datetime(2013 + number, 11, 22, 3, tzinfo=UTC) for number in range(13)]
    assert kept(yearly) == {yearly[-1]}
    monthly = [datetime(2024 + number // 12, number % 12 + 1, 1, 3, tzinfo=UTC) for number in range(30)]
    assert kept(monthly) == set(monthly[-12:])
    rare = [datetime(2025, 11, 30, 3, tzinfo=UTC), datetime(2026, 11, 1, 3, tzinfo=UTC)]
    assert kept(rare) == {rare[1]}


@given(st.sets(MOMENTS, max_size=80))
def test_pruning_twice_changes_nothing(moments: set[datetime]) -> None:
    """What was kept once is kept again."""
    assert kept(kept(moments)) == kept(moments)


@given(st.lists(MOMENTS, max_size=80, unique=True).map(sorted), st.data())
def test_pruning_often_is_pruning_once(moments: list[datetime], data: st.DataObject) -> None:
    """Pruned after any of the backups, or only at the end: the same ones are left."""
    folder: set[datetime] = set()
    for moment in moments:
        folder.add(moment)
        if data.draw(st.booleans()):
            folder = set(kept(folder))
    assert kept(folder) == kept(moments)


def test_a_backup_each_day_leaves_seven_days_eight_weeks_and_twelve_months() -> None:
    """After two years of daily backups: a week day by day, two months week by week, a year month by month."""
    last = datetime(2026, 11, 22, 3, tzinfo=UTC)
    staying = sorted(kept(last - timedelta(days=number) for number in range(730)))
    assert {last - timedelta(days=number) for number in range(7)} <= set(staying)
    assert len({moment.isocalendar()[:2] for moment in staying if moment > last - timedelta(weeks=8)}) == 8
    assert staying[0] == datetime(2025, 12, 31, 3, tzinfo=UTC)
    assert len({(moment.year, moment.month) for moment in staying}) == 12


def test_days_begin_at_midnight_utc() -> None:
    """Times of other zones are the same moments; other numbers can be asked for."""
    zone = datetime.fromisoformat("2026-03-02T01:00:00+05:00")
    assert kept([zone, START], Schedule(daily=1, weekly=1, monthly=1)) == {START}
    assert kept([zone, START], Schedule(daily=2, weekly=1, monthly=1)) == {START, zone}
    assert kept([START - timedelta(hours=1), START], Schedule(daily=5, weekly=0, monthly=0)) == {START}
