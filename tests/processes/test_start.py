"""Processes whose database is not there."""

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest
from sqlalchemy import make_url

from devstack.environment import app_environment, spare_ports
from lockpoint.storage.migrate import migrate
from tests.support.checkout import ROOT
from tests.support.roles import second_role

pytestmark = pytest.mark.processes


def started(name: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "lockpoint", *name.split()],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def settings(database_url: str, redis_url: str) -> dict[str, str]:
    return app_environment({}, spare_ports(), database_url=database_url, redis_url=redis_url, secret_keys="k" * 64)


@pytest.mark.parametrize("name", ["worker", "clock", "migrate --wait"])
def test_a_process_waits_for_a_database_that_is_away(redis_url: str, name: str) -> None:
    """E3: it says for which, without the password, and stops when it is told to."""
    with started(name, settings("postgresql://me:hunter2@127.0.0.1:1/lockpoint", redis_url)) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
        rest = process.communicate(timeout=20)[0]
    assert "the database server at 127.0.0.1:1 does not answer" in line
    assert "Traceback" not in rest
    assert "hunter2" not in line + rest


def test_without_waiting_a_migration_says_what_is_away(redis_url: str) -> None:
    """E3: code 1 and the sentence of the other processes."""
    with started("migrate", settings("postgresql://me:hunter2@127.0.0.1:1/lockpoint", redis_url)) as process:
        said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "the database server at 127.0.0.1:1 does not answer" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("name", ["web", "worker", "clock", "migrate", "migrate --wait"])
def test_no_process_starts_on_a_database_that_does_not_exist(database_url: str, redis_url: str, name: str) -> None:
    """E3: code 1, and what to do."""
    gone = make_url(database_url).set(database="gone").render_as_string(hide_password=False)
    with started(name, settings(gone, redis_url)) as process:
        try:
            said = process.communicate(timeout=60)[0]
        finally:
            process.kill()
    assert process.returncode == 1
    assert "Create it, or correct the address" in said
    assert "Traceback" not in said


def test_a_clock_that_may_not_change_tables_ends(database_url: str, redis_url: str) -> None:
    """F11: with code 1 and why; `migrate` likewise."""
    with second_role(database_url) as (name, url):
        migrate(database_url, role=name)
        for command, reason in (("clock", "The clock makes and drops"), ("migrate", "may not change the tables")):
            with started(command, settings(url, redis_url)) as process:
                said = process.communicate(timeout=60)[0]
            assert (process.returncode, reason in said, "Traceback" in said) == (1, True, False), said


def test_an_operator_grants_by_a_command(database_url: str, redis_url: str) -> None:
    """F11: repeated without harm; a role that is not there is told."""
    with second_role(database_url) as (name, _):
        for role, code in ((name, 0), (name, 0), ("nobody_at_all", 1)):
            with started(f"migrate --grant {role}", settings(database_url, redis_url)) as process:
                said = process.communicate(timeout=60)[0]
            assert (process.returncode, "there is no role nobody_at_all" in said) == (code, code == 1), said
