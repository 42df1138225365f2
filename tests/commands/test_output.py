"""Commands answer on standard output and log to stderr as configured."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

import pytest

from devstack.ports import free_ports
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import keyring
from lockpoint.storage.tenancy.installations import PostgresInstallations
from tests.storage.conftest import install

KEY = "an invented root key of more than 32 characters"
pytestmark = pytest.mark.processes


@pytest.fixture
def unreachable(database_url: str, redis_url: str) -> dict[str, str]:
    """The environment of a database with one site that does not answer."""
    database = Database(database_url, size=1)
    install(PostgresInstallations(database, keyring([KEY])), "acme", base_url=f"http://127.0.0.1:{free_ports()}/wiki")
    database.close()
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "LOCKPOINT_BASE_URL": "http://127.0.0.1:5000",
        "LOCKPOINT_SECRET_KEYS": KEY,
        "LOCKPOINT_MAIL_URL": "smtp://127.0.0.1",
        "LOCKPOINT_MAIL_FROM": "lockpoint@example.com",
    }


def lockpoint(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lockpoint", *arguments]
    return subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False, timeout=60)


def test_log_lines_leave_the_answer_alone(unreachable: dict[str, str]) -> None:
    """One site does not answer: JSON only on standard output, JSON lines on stderr."""
    done = lockpoint(unreachable, "keys", "rotate", "--locks", "--json")
    assert json.loads(done.stdout)["sitesLeft"] == [1], done.stderr
    *logged, reason = done.stderr.splitlines()
    assert [line["logger"] for line in map(json.loads, logged)], done.stderr
    assert reason.startswith("Error: ")
    assert done.returncode == 1


def test_level_and_format_count_for_commands(unreachable: dict[str, str]) -> None:
    """`LOCKPOINT_LOG_LEVEL` and `LOCKPOINT_LOG_FORMAT` apply as in the processes."""
    quiet = lockpoint({**unreachable, "LOCKPOINT_LOG_LEVEL": "error"}, "keys", "rotate", "--locks", "--json")
    assert len(quiet.stderr.splitlines()) == 1, quiet.stderr
    text = lockpoint({**unreachable, "LOCKPOINT_LOG_FORMAT": "text"}, "keys", "rotate", "--locks", "--json")
    assert "[warning" in text.stderr


def test_a_backup_that_cannot_be_written_says_why(unreachable: dict[str, str]) -> None:
    """A full disk behind standard output: code 1 and the reason, no traceback."""
    command = [sys.executable, "-m", "lockpoint", "backup", "create", "--to", "-"]
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device, not a path of the test
        done = subprocess.run(
            command, env=unreachable, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert (done.returncode, done.stderr) == (1, "Error: cannot write the backup: No space left on device\n")
