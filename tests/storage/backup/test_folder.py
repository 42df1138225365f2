"""The folder of backups and its schedule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.services.errors import OperatorRefusal
from lockpoint.storage.backup import folder
from lockpoint.storage.backup.backups import Backups
from lockpoint.storage.backup.file_format import pack
from lockpoint.storage.backup.schedule import Schedule, kept
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import Keyring
from lockpoint.storage.tenancy.installations import PostgresInstallations
from tests.fakes.world import START, FakeClock
from tests.storage.backup.backup_files import cut, flipped, headless, nothing, torn_header, two_sites

MOMENTS = st.integers(0, 4 * 366 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@pytest.fixture
def backups(database: Database, keys: Keyring, clock: FakeClock) -> Backups:
    return Backups(database, keys, clock)


# --- the folder ------------------------------------------------------------------------------------------------


def test_a_backup_appears_whole_and_for_its_owner_only(
    backups: Backups, installations: PostgresInstallations, tmp_path: Path, clock: FakeClock
) -> None:
    """Written under another name, then renamed."""
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
    """F49."""
    with pytest.raises(OperatorRefusal, match=r"cannot write to .*No such file or directory"):
        backups.store(tmp_path / "missing")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(folder.os, "fsync", full)
        with pytest.raises(OperatorRefusal, match="No space left"):
            backups.store(tmp_path)
    assert list(tmp_path.iterdir()) == []
    backups.store(tmp_path)
    with pytest.raises(OperatorRefusal, match=r"there is a backup .* already"):
        backups.store(tmp_path)


def put(place: Path, keys: Keyring, moment: datetime, name: str | None = None) -> str:
    """Write a valid backup without sites."""
    rows: dict[str, list[dict[str, Any]]] = {"installation": [], "installation_event": []}
    data = pack(rows, keys, created_at=moment, schema_revision="0001", nonce=b"n" * 12)
    (place / (name or folder.name_of(moment))).write_bytes(data)
    return name or folder.name_of(moment)


def test_pruning_touches_backups_only(backups: Backups, tmp_path: Path, clock: FakeClock, keys: Keyring) -> None:
    """Partial files of an interrupted write are removed after a day."""
    moments = [START - timedelta(hours=6 * number) for number in range(40)]
    for moment in moments:
        put(tmp_path, keys, moment)
    others = ["notes.txt", "lockpoint-2026.backup", "lockpoint-20260302T090000.000000Z.backup.gpg"]
    young = f".{folder.name_of(START)}.partial"
    old = f".{folder.name_of(START - timedelta(days=2))}.partial"
    for name in (*others, young, old):
        (tmp_path / name).write_bytes(b"x")
    before = {path.name for path in tmp_path.iterdir()}
    planned = backups.prune(tmp_path, dry_run=True)
    assert {path.name for path in tmp_path.iterdir()} == before
    done = backups.prune(tmp_path, dry_run=False)
    assert done == planned
    assert old in done.removed
    staying = {folder.name_of(moment) for moment in kept(moments)}
    assert set(done.kept) == staying
    assert {path.name for path in tmp_path.iterdir()} == {*staying, *others, young}
    clock.advance(days=400)
    assert backups.prune(tmp_path, dry_run=False).removed == (young,), "nothing goes because time passes"


@pytest.mark.parametrize("spoil", [nothing, cut, flipped, headless, torn_header])
def test_a_spoilt_file_takes_no_good_backups_place(
    backups: Backups, tmp_path: Path, keys: Keyring, spoil: Callable[[bytes], bytes]
) -> None:
    """It is reported and stays."""
    good = [put(tmp_path, keys, START - timedelta(days=number)) for number in range(3)]
    spoilt = put(tmp_path, keys, START + timedelta(hours=1))
    (tmp_path / spoilt).write_bytes(spoil((tmp_path / spoilt).read_bytes()))
    pruned = backups.prune(tmp_path, dry_run=False)
    assert pruned == folder.Pruned(kept=tuple(sorted(good)), removed=(), spoilt=(spoilt,))
    assert {path.name for path in tmp_path.iterdir()} == {*good, spoilt}


def test_the_time_of_a_backup_is_the_one_inside(backups: Backups, tmp_path: Path, keys: Keyring) -> None:
    newest = put(tmp_path, keys, START)
    impossible = put(tmp_path, keys, START - timedelta(days=1), "lockpoint-20261399T090000.000000Z.backup")
    old = put(tmp_path, keys, START - timedelta(days=500), folder.name_of(START + timedelta(days=1)))
    pruned = backups.prune(tmp_path, dry_run=False)
    assert (set(pruned.kept), pruned.removed) == ({newest, impossible}, (old,))
    with pytest.raises(OperatorRefusal, match="cannot prune"):
        backups.prune(tmp_path / "missing", dry_run=False)


def test_a_backup_from_the_future_stops_pruning(backups: Backups, tmp_path: Path, keys: Keyring) -> None:
    """A machine with a wrong clock would make all other backups look old."""
    for days in (0, 1, 600, -400):
        put(tmp_path, keys, START - timedelta(days=days))
    with pytest.raises(OperatorRefusal, match="says that it was made in the future"):
        backups.prune(tmp_path, dry_run=False)
    assert len(list(tmp_path.iterdir())) == 4


def test_the_remains_of_an_impossible_time_stop_pruning(backups: Backups, tmp_path: Path, keys: Keyring) -> None:
    """Their age is unknown."""
    for number in range(40):
        put(tmp_path, keys, START - timedelta(hours=number))
    (tmp_path / ".lockpoint-20261399T090000.000000Z.backup.partial").write_bytes(b"x")
    with pytest.raises(OperatorRefusal, match="names a time that does not exist"):
        backups.prune(tmp_path, dry_run=False)
    assert len(list(tmp_path.iterdir())) == 41


def test_it_can_be_told_which_key_a_folders_backups_need(backups: Backups, tmp_path: Path, keys: Keyring) -> None:
    """Without any key; other files are ignored."""
    backups.store(tmp_path)
    (tmp_path / folder.name_of(START + timedelta(days=1))).write_bytes(b"no backup")
    assert [header.key_id for header in backups.in_folder(tmp_path)] == [keys.newest]
    with pytest.raises(OperatorRefusal, match="cannot read"):
        backups.in_folder(tmp_path / "missing")


# --- the schedule ----------------------------------------------------------------------------------------------


def periods(moment: datetime) -> tuple[int, int, int]:
    """Return the numbers of day, week and month."""
    monday = moment.date() - timedelta(days=moment.weekday())
    return moment.toordinal(), monday.toordinal() // 7, moment.year * 12 + moment.month


@given(st.sets(MOMENTS, max_size=120))
def test_the_newest_of_each_kept_period_stays(moments: set[datetime]) -> None:
    """Of the last 7 days, 8 weeks and 12 months, counted from the newest backup."""
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
    yearly = [datetime(2013 + number, 11, 22, 3, tzinfo=UTC) for number in range(13)]
    assert kept(yearly) == {yearly[-1]}
    monthly = [datetime(2024 + number // 12, number % 12 + 1, 1, 3, tzinfo=UTC) for number in range(30)]
    assert kept(monthly) == set(monthly[-12:])
    rare = [datetime(2025, 11, 30, 3, tzinfo=UTC), datetime(2026, 11, 1, 3, tzinfo=UTC)]
    assert kept(rare) == {rare[1]}


@given(st.sets(MOMENTS, max_size=80))
def test_pruning_twice_changes_nothing(moments: set[datetime]) -> None:
    assert kept(kept(moments)) == kept(moments)


@given(st.lists(MOMENTS, max_size=80, unique=True).map(sorted), st.data())
def test_pruning_often_is_pruning_once(moments: list[datetime], data: st.DataObject) -> None:
    staying: set[datetime] = set()
    for moment in moments:
        staying.add(moment)
        if data.draw(st.booleans()):
            staying = set(kept(staying))
    assert kept(staying) == kept(moments)


def test_a_backup_each_day_leaves_seven_days_eight_weeks_and_twelve_months() -> None:
    last = datetime(2026, 11, 22, 3, tzinfo=UTC)
    staying = sorted(kept(last - timedelta(days=number) for number in range(730)))
    assert {last - timedelta(days=number) for number in range(7)} <= set(staying)
    assert len({moment.isocalendar()[:2] for moment in staying if moment > last - timedelta(weeks=8)}) == 8
    assert staying[0] == datetime(2025, 12, 31, 3, tzinfo=UTC)
    assert len({(moment.year, moment.month) for moment in staying}) == 12


def test_days_begin_at_midnight_utc() -> None:
    """The schedule's numbers can be set."""
    zone = datetime.fromisoformat("2026-03-02T01:00:00+05:00")
    assert kept([zone, START], Schedule(daily=1, weekly=1, monthly=1)) == {START}
    assert kept([zone, START], Schedule(daily=2, weekly=1, monthly=1)) == {START, zone}
    assert kept([START - timedelta(hours=1), START], Schedule(daily=5, weekly=0, monthly=0)) == {START}
