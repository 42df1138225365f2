"""The state folder and the ports."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from devstack import environment
from devstack.environment import app_environment, spare_ports, usual_ports
from devstack.errors import EmbeddedError
from devstack.ports import HOST, free_ports, is_free, preferred_or_free
from devstack.state import StateFolder


def test_one_supervisor_at_a_time(tmp_path: Path) -> None:
    """A second one on the same folder is refused."""
    first, second = StateFolder(tmp_path / "state"), StateFolder(tmp_path / "state")
    first.claim()
    with pytest.raises(EmbeddedError, match="already running"):
        second.claim()
    first.release()
    second.claim()
    second.release()


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    """Only its owner can read it."""
    state = StateFolder(tmp_path / "state")
    state.claim()
    key = state.secret_keys()
    assert len(key) >= 64
    assert StateFolder(tmp_path / "state").secret_keys() == key
    assert (tmp_path / "state" / "secret-keys").stat().st_mode & 0o777 == 0o600
    state.release()


def test_a_shell_can_read_the_published_environment(tmp_path: Path) -> None:
    """`bin/lockpoint` finds the running databases, whatever characters their addresses have, until they stop."""
    state = StateFolder(tmp_path / "a b")
    state.claim()
    tricky = 'it\'s a $HOME `id` "x" y'
    state.publish({"DATABASE_URL": tricky})
    script = 'set -a; . "$1"; set +a; printenv DATABASE_URL'
    path = tmp_path / "a b" / "environment"
    shown = subprocess.run(["/bin/sh", "-c", script, "sh", str(path)], capture_output=True, text=True, check=True)
    assert shown.stdout == tricky + "\n"
    assert path.stat().st_mode & 0o777 == 0o600
    state.release()
    assert not path.exists()


def test_taken_ports_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A usual port in use is replaced by a free one; a requested port is kept."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert preferred_or_free(port) != port
        monkeypatch.setattr(environment, "USUAL_WEB", port)
        assert usual_ports(None).web != port
        assert usual_ports(port).web == port
    first = free_ports(3)
    assert all(is_free(first + offset) for offset in range(3))
    spare = spare_ports()
    assert len({spare.web, spare.smtp, spare.mails, spare.confluence, spare.confluence + 1}) == 5


def test_what_a_person_set_wins() -> None:
    """Set variables are passed on, empty ones are not."""
    given = {"DATABASE_URL": "postgresql://db.example.com/x", "REDIS_URL": ""}
    made = app_environment(given, spare_ports(), database_url="d", redis_url="r", secret_keys="k" * 40)
    assert made["DATABASE_URL"] == "postgresql://db.example.com/x"
    assert made["REDIS_URL"] == "r"
    assert made["LOCKPOINT_BASE_URL"].endswith(":" + made["PORT"])
    assert "localhost:" in made["LOCKPOINT_ALLOWED_HOSTS"]
    assert set(os.environ).isdisjoint({"LOCKPOINT_OAUTH_URL"}) or made["LOCKPOINT_OAUTH_URL"]
