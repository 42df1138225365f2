"""What Heroku reads: Procfile, app.json, the versions."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import requests

from devstack.environment import app_environment, spare_ports
from lockpoint.settings import Settings
from lockpoint.storage.advisory_locks import Purpose
from tests.devstack.processes import descendants, wait_until
from tests.support.checkout import ROOT
from tests.support.databases import Addresses

LINES = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
ADDONS = {"heroku-postgresql": "DATABASE_URL", "heroku-redis": "REDIS_URL"}


@pytest.fixture
def empty_database(servers: Addresses, worker_id: str) -> Iterator[str]:
    """The address has Heroku's form."""
    name = f"heroku_{worker_id}"
    with psycopg.connect(servers.postgres.format("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
        yield servers.postgres.format(name).replace("postgresql://", "postgres://")
        connection.execute(f"drop database {name} with (force)".encode())


def _shell(line: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/bin/sh", "-c", f"exec {line}"], cwd=ROOT, env=environment)


@pytest.mark.processes
def test_the_lines_of_the_procfile_start_and_stop(empty_database: str, redis_url: str) -> None:
    """SIGTERM ends each with code 0 within 30 s."""
    assert set(LINES) == {"release", "web", "worker", "clock"}
    ports = spare_ports()
    environment = app_environment({}, ports, database_url=empty_database, redis_url=redis_url, secret_keys="k" * 64) | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "WEB_CONCURRENCY": "1",
        "DYNO": "web.1",
    }
    assert _shell(LINES["release"], environment).wait(60) == 0
    assert _shell(LINES["release"], environment).wait(60) == 0, "a second release finds nothing to do"
    running = {name: _shell(LINES[name], environment) for name in ("web", "worker", "clock")}
    try:
        wait_until(lambda: _ready(ports.app_url), "the web process to be ready", 120)
        wait_until(lambda: _at_work(empty_database), "worker and clock to be at work", 120)
        assert requests.get(f"{ports.app_url}/atlassian-connect.json").json()["baseUrl"] == ports.app_url
        assert [name for name, process in running.items() if process.poll() is not None] == []
        children = [pid for process in running.values() for pid in descendants(process.pid)]
        assert children
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        assert {name: process.wait(30) for name, process in running.items()} == dict.fromkeys(running, 0)
    finally:
        for process in running.values():
            process.kill()
            process.wait()


def _at_work(url: str) -> bool:
    """Whether a worker is registered and a clock leads."""
    with psycopg.connect(url) as connection:
        workers = connection.execute("select from procrastinate_workers").fetchall()
        leaders = connection.execute(
            "select from pg_locks where locktype = 'advisory' and classid = %s and granted", [Purpose.CLOCK.value]
        ).fetchall()
    return bool(workers and leaders)


def _ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def test_the_web_process_refuses_to_start_without_its_settings() -> None:
    """Each line of the Procfile ends with the variable's name and code 1."""
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    started = [
        subprocess.Popen(["/bin/sh", "-c", line], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        for line in LINES.values()
    ]
    for process in started:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "DATABASE_URL: is missing" in said
        assert "Traceback" not in said


def test_app_json_gives_every_required_setting() -> None:
    """Asked for, generated or set by an add-on."""
    app = json.loads((ROOT / "app.json").read_text())
    settings = {str(field.alias): field for field in Settings.model_fields.values()}
    by_addon = {ADDONS[addon["plan"].partition(":")[0]] for addon in app["addons"]}
    assert set(app["env"]) <= set(settings)
    required = {name for name, field in settings.items() if field.is_required()}
    assert required == by_addon | {n for n, v in app["env"].items() if v.get("required") or "generator" in v}
    assert set(app["formation"]) == set(LINES) - {"release"}


def test_one_python_version_is_named_everywhere() -> None:
    """`.python-version` is the minimum of package, type checker and linter."""
    project = (ROOT / "pyproject.toml").read_text()
    assert (ROOT / ".python-version").read_text() == "3.11\n"
    assert 'requires-python = ">=3.11"' in project
    assert 'target-version = "py311"' in project
    assert 'python_version = "3.11"' in project


def test_locks_have_hashes_and_no_addresses() -> None:
    for lock in (ROOT / "requirements.txt", *sorted((ROOT / "requirements").glob("*.txt"))):
        text = lock.read_text()
        pins = re.findall(r"^[a-z0-9][\w.\-\[\],]*==.*\\\n(?=    --hash=sha256:)", text, re.MULTILINE)
        assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > (0 if lock.stem == "uv" else 20), lock
        assert "://" not in text


def test_heroku_finds_exactly_one_python_lock() -> None:
    """The build pack refuses two kinds of lock files."""
    assert not any((ROOT / name).exists() for name in ("uv.lock", "poetry.lock", "Pipfile.lock", "runtime.txt"))
