"""`lockpoint backup` and `lockpoint keys` as an operator calls them, on a real database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lockpoint.cli import main
from lockpoint.services.context import Tenant
from lockpoint.services.ports.tenancy import UsageEvent
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import keyring
from lockpoint.storage.tenancy.installations import PostgresInstallations
from lockpoint.storage.tenancy.sealed_secrets import SealedSecrets
from lockpoint.storage.tenancy.usage_counts import PostgresUsageCounts
from tests.storage.backup.test_folder import put
from tests.storage.builders import count
from tests.storage.conftest import install
from tests.support import databases

OLD, NEW = "an old root key of more than 32 characters", "a new root key of more than 32 characters"
Run = Callable[..., Result]


def environment(database_url: str, redis_url: str, *keys: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "LOCKPOINT_BASE_URL": "https://lockpoint.example.com",
        "LOCKPOINT_SECRET_KEYS": ",".join(keys),
        "LOCKPOINT_MAIL_URL": "smtp://mail.example.com:587?starttls=1",
        "LOCKPOINT_MAIL_FROM": "lockpoint@example.com",
    }


def run(variables: Mapping[str, str], *arguments: str, given: bytes = b"") -> Result:
    return CliRunner(env=dict(variables)).invoke(main, arguments, input=given)


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def full(database_url: str, redis_url: str) -> Iterator[dict[str, str]]:
    """The environment of a database with two sites, one uninstalled."""
    database = Database(database_url, size=1)
    installations = PostgresInstallations(database, keyring([OLD]))
    install(installations, "acme")
    install(installations, "gone", secret=None, installed=False, enabled=False)
    database.close()
    return environment(database_url, redis_url, OLD)


@pytest.fixture
def empty(servers: databases.Addresses, worker_id: str, redis_url: str) -> Iterator[dict[str, str]]:
    with databases.database(servers, worker_id) as url:
        yield environment(url, redis_url, OLD)


def secret_in(variables: Mapping[str, str], *keys: str) -> str | None:
    database = Database(variables["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"), size=1)
    try:
        found = PostgresInstallations(database, keyring(keys)).find("acme")
    finally:
        database.close()
    return None if found is None else found.registration.secret


def test_a_backup_goes_to_a_folder_and_comes_back(full: dict[str, str], empty: dict[str, str], tmp_path: Path) -> None:
    """`backup create --to DIR`, then `backup restore --from FILE` into an empty database."""
    made = told(run(full, "backup", "create", "--to", str(tmp_path), "--json"))
    assert [made["file"]] == [str(path) for path in tmp_path.iterdir()]
    assert (made["installations"], made["events"], made["keyId"]) == (2, 0, keyring([OLD]).newest)
    assert made["bytes"] == Path(made["file"]).stat().st_size
    restored = told(run(empty, "backup", "restore", "--from", made["file"], "--json"))
    assert restored == {"createdAt": made["createdAt"], "installations": 2, "activeSites": 1, "events": 0}
    assert secret_in(empty, OLD) == "secret of acme"


def test_a_backup_goes_through_pipes(full: dict[str, str], empty: dict[str, str]) -> None:
    """`--to -` and `--from -`: standard output has only the backup, so any store can take it."""
    made = run(full, "backup", "create", "--to", "-")
    assert made.exit_code == 0
    assert made.stdout_bytes.startswith(b"lockpoint-backup {")
    assert "installations" in made.stderr
    restored = run(empty, "backup", "restore", "--from", "-", given=made.stdout_bytes)
    assert restored.exit_code == 0, restored.output
    assert secret_in(empty, OLD) == "secret of acme"


def test_a_real_process_writes_a_whole_backup_to_its_standard_output(
    full: dict[str, str], empty: dict[str, str]
) -> None:
    """Bytes as a shell passes them, without a text layer."""
    command = [sys.executable, "-m", "lockpoint", "backup"]
    made = subprocess.run([*command, "create", "--to", "-"], env=full, capture_output=True, check=True)
    subprocess.run([*command, "restore", "--from", "-"], env=empty, input=made.stdout, check=True)
    assert secret_in(empty, OLD) == "secret of acme"


@pytest.mark.parametrize(
    ("spoil", "keys", "reason"),
    [
        (lambda data: data[:-3], (OLD,), "the backup is truncated"),
        (lambda data: data[:-3] + b"xyz", (OLD,), "the backup is damaged"),
        (lambda data: data.replace(b'"format":1', b'"format":9'), (OLD,), "newer Lockpoint: format 9"),
        (lambda data: data, (NEW,), "which is not in LOCKPOINT_SECRET_KEYS"),
        (lambda _data: b"hello\n", (OLD,), "not a backup of Lockpoint"),
    ],
)
def test_what_cannot_be_restored_is_code_1_with_the_reason(
    full: dict[str, str],
    empty: dict[str, str],
    spoil: Callable[[bytes], bytes],
    keys: tuple[str, ...],
    reason: str,
) -> None:
    """Wrong key, damage, newer format: reason on stderr, stdout empty, nothing changed."""
    data = spoil(run(full, "backup", "create", "--to", "-").stdout_bytes)
    variables = {**empty, "LOCKPOINT_SECRET_KEYS": ",".join(keys)}
    refused = run(variables, "backup", "restore", "--from", "-", "--replace", given=data)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert reason in refused.stderr
    assert secret_in(empty, OLD) is None


def test_a_database_with_sites_needs_replace(full: dict[str, str], tmp_path: Path) -> None:
    made = told(run(full, "backup", "create", "--to", str(tmp_path), "--json"))
    refused = run(full, "backup", "restore", "--from", made["file"])
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "not empty: it has 2 sites" in refused.stderr
    assert run(full, "backup", "restore", "--from", made["file"], "--replace").exit_code == 0


def test_missing_files_and_folders_are_code_1(full: dict[str, str], tmp_path: Path) -> None:
    """An unmounted store is a failure; no folder is created."""
    missing = str(tmp_path / "missing")
    for arguments in (("create", "--to", missing), ("prune", "--in", missing), ("restore", "--from", missing)):
        failed = run(full, "backup", *arguments)
        assert (failed.exit_code, failed.stdout) == (1, "")
        assert "No such file or directory" in failed.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [("backup", "create"), ("backup", "prune"), ("backup", "restore"), ("backup", "keep"), ("keys", "rotate", "x")],
)
def test_wrong_usage_is_code_2(full: dict[str, str], arguments: tuple[str, ...]) -> None:
    assert run(full, *arguments).exit_code == 2


def test_pruning_tells_what_it_keeps(full: dict[str, str], tmp_path: Path) -> None:
    """`--dry-run` only reports; a second run removes nothing."""
    names = [f"lockpoint-202603{day:02}T{hour:02}0000.000000Z.backup" for day in range(1, 29) for hour in (3, 15)]
    for name in names:
        put(tmp_path, keyring([OLD]), datetime.strptime(name[10:25], "%Y%m%dT%H%M%S").replace(tzinfo=UTC))
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    planned = told(run(full, "backup", "prune", "--in", str(tmp_path), "--dry-run", "--json"))
    assert len(list(tmp_path.iterdir())) == len(names)
    kept = [row["file"] for row in planned if row["is"] == "kept"]
    assert len(kept) == 7 + 3, "seven days, and the Sundays before them"
    assert {row["is"] for row in planned} == {"kept", "would be removed"}
    told(run(full, "backup", "prune", "--in", str(tmp_path), "--json"))
    assert sorted(path.name for path in tmp_path.iterdir()) == kept
    assert {row["is"] for row in told(run(full, "backup", "prune", "--in", str(tmp_path), "--json"))} == {"kept"}


def test_a_spoilt_backup_is_named_and_left_alone(full: dict[str, str], tmp_path: Path) -> None:
    """Pruning finishes, then ends with code 1: an operator should check the file."""
    moment = datetime(2026, 3, 2, 3, tzinfo=UTC)
    good, doomed = (put(tmp_path, keyring([OLD]), moment - timedelta(days=days)) for days in (0, 600))
    spoilt = "lockpoint-20260302T040000.000000Z.backup"
    (tmp_path / spoilt).write_bytes(b"")
    done = run(full, "backup", "prune", "--in", str(tmp_path), "--json")
    assert done.exit_code == 1
    assert {row["file"]: row["is"] for row in json.loads(done.stdout)} == {
        good: "kept", doomed: "removed", spoilt: "no whole backup",
    }  # fmt: skip
    assert spoilt in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {good, spoilt}


def test_keys_are_rotated_step_by_step(full: dict[str, str], tmp_path: Path) -> None:
    """Status says what needs the old key; after `keys rotate` only the backups made with it do."""
    told(run(full, "backup", "create", "--to", str(tmp_path), "--json"))
    both = {**full, "LOCKPOINT_SECRET_KEYS": f"{NEW},{OLD}"}
    new, old = keyring([NEW]).newest, keyring([OLD]).newest

    def status() -> dict[str, Any]:
        rows = told(run(both, "keys", "status", "--backups", str(tmp_path), "--json"))
        return {row["key"]: row for row in rows}

    before = status()
    assert list(before) == [new, old]
    assert (before[old]["is"], before[old]["secrets"], before[old]["droppableFrom"]) == ("old", 1, None)
    rotated = told(run(both, "keys", "rotate", "--json"))
    assert rotated == {
        "sitesSealed": 1, "sitesAlready": 0, "unreadableSites": [], "tokensSealed": 0, "tokensErased": 0, "usageRows": 0
    }  # fmt: skip
    after = status()
    assert (after[old]["secrets"], after[old]["backups"]) == (0, 1)
    assert after[old]["droppableFrom"] is not None
    assert (after[new]["is"], after[new]["secrets"]) == ("newest", 1)
    assert secret_in(full, NEW) == "secret of acme"
    dropped = {**full, "LOCKPOINT_SECRET_KEYS": NEW}
    rows = told(run(dropped, "keys", "status", "--backups", str(tmp_path), "--json"))
    assert [(row["key"], row["is"], row["backups"]) for row in rows] == [(new, "newest", 0), (old, "unknown", 1)]


def test_usage_counts_come_over_to_the_new_key(full: dict[str, str], database_url: str) -> None:
    """They need the old key until `keys rotate`; then switching off erases them without it."""
    database = Database(database_url, size=2)
    acme, older = Tenant(1, "acme", ""), PostgresUsageCounts(database, keyring([OLD]))
    older.switch(acme, on=True)
    older.count(acme, "someone", UsageEvent.LOCKED, date(2026, 3, 2))
    both = {**full, "LOCKPOINT_SECRET_KEYS": f"{NEW},{OLD}"}

    def status() -> dict[str, tuple[int, bool]]:
        rows = told(run(both, "keys", "status", "--json"))
        return {row["is"]: (row["usageRows"], row["droppableFrom"] is not None) for row in rows}

    SealedSecrets(database, keyring([NEW, OLD])).reseal()
    assert status() == {"newest": (0, False), "old": (1, False)}
    assert told(run(both, "keys", "rotate", "--json"))["usageRows"] == 1
    assert status() == {"newest": (1, False), "old": (0, True)}
    newer = PostgresUsageCounts(database, keyring([NEW]))
    assert [row.count for row in newer.kept(acme, date(2026, 3, 1))] == [1]
    newer.switch(acme, on=False)
    assert count(database, "usage_daily") == 0
    database.close()


def test_rotating_without_the_key_that_sealed_is_code_1(full: dict[str, str]) -> None:
    """Names the sites and the page to read."""
    wrong = {**full, "LOCKPOINT_SECRET_KEYS": NEW}
    failed = run(wrong, "keys", "rotate", "--json")
    assert failed.exit_code == 1
    assert json.loads(failed.stdout)["unreadableSites"] == [1]
    assert "docs/secrets.md" in failed.stderr
    assert run(wrong, "backup", "create", "--to", "-").exit_code == 1
    assert secret_in(full, OLD) == "secret of acme"
