"""Backups that are damaged, forged, or of another version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lockpoint.services.context import Tenant
from lockpoint.services.errors import OperatorRefusal
from lockpoint.services.tenancy.absence import jobs_after_return
from lockpoint.storage.backup.backups import Backups
from lockpoint.storage.backup.file_format import pack
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import Keyring, keyring
from lockpoint.storage.tables import INSTALLATION
from lockpoint.storage.tenancy.installations import PostgresInstallations
from lockpoint.storage.tenancy.licences import PostgresLicences
from tests.fakes.world import START, FakeClock
from tests.storage.backup.backup_files import (
    NEW,
    a_list,
    cut,
    flipped,
    headless,
    lengthened,
    made_by_hand,
    no_json,
    nothing,
    of_later_format,
    redated,
    torn_header,
    two_sites,
)
from tests.storage.builders import count
from tests.support import databases


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
