"""What `docs/operations.md` says about one machine, followed as far as a test can, by its files."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import requests

from devstack.environment import spare_ports
from lockpoint.settings import Settings
from tests.support.checkout import ROOT

DEPLOY: Final = ROOT / "deploy"
PROGRAM: Final = "/opt/lockpoint/bin/lockpoint"
BACKUPS: Final = "/var/lib/lockpoint/backups"
PATIENCE: Final = 90.0


class Unit(configparser.RawConfigParser):
    """A unit; a key that comes twice keeps both values, a line each."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False, dict_type=dict, interpolation=None)
        self.optionxform = str  # as systemd reads them
        text = (DEPLOY / "systemd" / name).read_text(encoding="utf-8")
        self.starts = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
        self.read_string(text)


def settings_of_file() -> dict[str, str]:
    """As systemd reads an environment file."""
    lines = (DEPLOY / "lockpoint.env.example").read_text(encoding="utf-8").splitlines()
    pairs = (shlex.split(line)[0].partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


@pytest.fixture
def environment(database_url: str, redis_url: str) -> dict[str, str]:
    """The file's settings, with the test's databases and port."""
    own = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "PORT": str(spare_ports().web)}
    return {"PATH": os.environ["PATH"], **settings_of_file(), "LOCKPOINT_SECRET_KEYS": "k" * 64, **own}


def command_of(line: str, folder: Path) -> list[str]:
    words = shlex.split(line.replace(BACKUPS, str(folder)))
    assert words[0] == PROGRAM
    return [sys.executable, "-m", "lockpoint", *words[1:]]


def test_the_settings_are_known_and_whole() -> None:
    """Each variable exists; only the key is left out, so that nobody runs with one that everybody knows."""
    known = {field.alias for field in Settings.model_fields.values()}
    given = settings_of_file()
    assert set(given) <= known
    with pytest.raises(ValueError, match="LOCKPOINT_SECRET_KEYS"):
        Settings.model_validate(given)
    assert Settings.model_validate(given | {"LOCKPOINT_SECRET_KEYS": "k" * 64}).base_url == given["LOCKPOINT_BASE_URL"]


def test_the_units_say_the_same_about_user_and_settings() -> None:
    for path in sorted((DEPLOY / "systemd").glob("*.service")):
        unit = Unit(path.name)
        assert unit["Service"]["User"] == "lockpoint", path.name
        assert unit["Service"]["EnvironmentFile"] == "/etc/lockpoint/lockpoint.env", path.name
        assert unit["Service"]["NoNewPrivileges"] == "yes", path.name
        assert unit.starts, path.name


@pytest.mark.parametrize("name", ["web", "worker", "clock"])
def test_a_failed_migration_stops_no_service(name: str) -> None:
    """They come after it, and wait for its tables by themselves; required, it would stop them when it fails."""
    unit = Unit(f"lockpoint-{name}.service")["Unit"]
    assert "lockpoint-migrate.service" in unit["After"].split()
    assert "lockpoint-migrate.service" in unit["Wants"].split()
    assert not {"Requires", "Requisite", "BindsTo", "PartOf"} & unit.keys()


def test_the_command_of_root_works_as_the_services_do(tmp_path: Path) -> None:
    """As their user, with their settings; arguments, which may name people, are in no unit's name."""
    asked = tmp_path / "systemd-run"
    asked.write_text('#!/bin/sh\nfor word in "$@"; do echo "$word"; done\n')
    asked.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    command = [str(DEPLOY / "lockpoint"), "privacy", "export", "--account-id", "a b"]
    words = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    service = Unit("lockpoint-web.service")["Service"]
    assert words[-5:] == [PROGRAM, *command[1:]]
    assert {f"--property={name}={service[name]}" for name in ("User", "EnvironmentFile")} <= set(words)
    assert any(word.startswith("--description=") for word in words)
    other = subprocess.run(
        command, env=environment | {"LOCKPOINT_ENV": "/drill.env"}, capture_output=True, text=True, check=True
    )
    assert "--property=EnvironmentFile=/drill.env" in other.stdout.splitlines()


def test_proxies_write_no_address_of_a_request() -> None:
    """Nor of one that fails: nginx would add it to each line about an error, Caddy too."""
    nginx = (DEPLOY / "proxy" / "nginx.conf").read_text(encoding="utf-8")
    servers = nginx.split("\nserver {")[1:]
    assert servers
    assert [one for one in servers if "access_log off;" not in one or "error_log /dev/null;" not in one] == []
    caddy = (DEPLOY / "proxy" / "Caddyfile").read_text(encoding="utf-8")
    assert {"request>uri delete", "request>headers delete"} <= {line.strip() for line in caddy.splitlines()}


def test_every_file_is_in_the_operators_page() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    named = {path.relative_to(ROOT).as_posix() for path in DEPLOY.rglob("*") if path.is_file()}
    folders = {name.rsplit("/", 1)[0] + "/" for name in named}
    assert [name for name in named if name not in page and f"{name.rsplit('/', 1)[0]}/*" not in page] == []
    assert folders


@pytest.mark.processes
def test_the_units_run(environment: Mapping[str, str], tmp_path: Path) -> None:
    """Migrate, start, answer, back up, prune, stop: each by the line of its unit."""
    for name in ("lockpoint-migrate.service",):
        _run(name, environment, tmp_path)
    address = f"http://127.0.0.1:{environment['PORT']}"
    with (
        _started("lockpoint-web.service", environment, tmp_path),
        _started("lockpoint-worker.service", environment, tmp_path),
        _started("lockpoint-clock.service", environment, tmp_path),
    ):
        _wait_for(f"{address}/readyz")
        assert (
            requests.get(f"{address}/atlassian-connect.json", timeout=5).json()["baseUrl"]
            == (environment["LOCKPOINT_BASE_URL"])
        )
        assert requests.get(f"{address}/privacy", timeout=5).status_code == 200
    _run("lockpoint-backup.service", environment, tmp_path)
    assert len(list(tmp_path.glob("lockpoint-*.backup"))) == 1


def _run(name: str, environment: Mapping[str, str], folder: Path) -> None:
    for line in Unit(name).starts:
        done = subprocess.run(
            command_of(line, folder), env=environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _started(name: str, environment: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Run the unit's process; SIGTERM ends it with code 0 in the unit's time."""
    unit = Unit(name)
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            command_of(unit.starts[0], folder), env=environment, cwd=ROOT, stdout=log, stderr=log
        )
        try:
            yield
            _wait_until_it_heeds_sigterm(process)
            assert process.poll() is None, (folder / f"{name}.log").read_text()
        finally:
            process.terminate()
            code = process.wait(timeout=float(unit["Service"]["TimeoutStopSec"]))
    assert code == 0, (folder / f"{name}.log").read_text()


def _wait_until_it_heeds_sigterm(process: subprocess.Popen[bytes]) -> None:
    """A busy machine may take longer to import a program than the web to be ready."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        caught = int(status.split("SigCgt:")[1].split()[0], 16)
        if caught >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.1)


def _wait_for(address: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            answer = requests.get(address, timeout=5)
        except requests.ConnectionError:
            answer = None
        if answer is not None and answer.status_code == 200:
            return
        assert time.monotonic() < end, answer.text if answer is not None else "no answer"
        time.sleep(0.3)
