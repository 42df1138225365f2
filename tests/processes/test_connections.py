"""The connections to Postgres of the default formation."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from lockpoint import bootstrap
from lockpoint.commands.web import WORKERS
from lockpoint.settings import Settings
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.connector import LISTENING
from lockpoint.storage.retention.chores import LEADERSHIP
from tests.support.checkout import ROOT

MOST, SMALLEST_PLAN = 16, 20


def test_the_page_of_operations_adds_up_what_processes_hold() -> None:
    """A6: at most 16, with room for `migrate` and one command on a plan of 20."""
    web, worker = WORKERS * bootstrap.WEB_CONNECTIONS, bootstrap.WORKER_CONNECTIONS + LISTENING
    clock, command = bootstrap.CLOCK_CONNECTIONS + LEADERSHIP, bootstrap.OPERATOR_CONNECTIONS
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    table = page.partition("Connections to Postgres, at most:")[2].partition("A statement may")[0]
    sums = [int(cell) for cell in re.findall(r"\| (\d+) \|$", table, re.MULTILINE)]
    assert sums == [web, worker, clock, web + worker + clock, command]
    assert web + worker + clock <= MOST
    assert web + worker + clock + 2 * command <= SMALLEST_PLAN


@pytest.mark.parametrize(
    "build", [bootstrap.build_app, bootstrap.build_worker, bootstrap.build_clock, bootstrap.build_upkeep]
)
def test_a_process_has_one_pool(build: Callable[[Settings], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """A6."""
    pools: list[Database] = []

    class Counted(Database):
        def __init__(self, *values: Any, **named: Any) -> None:
            super().__init__(*values, **named)
            pools.append(self)

    monkeypatch.setattr(bootstrap, "Database", Counted)
    build(SETTINGS)
    assert len(pools) == 1


def test_the_web_application_can_be_built_before_the_fork() -> None:
    """H12: a thread or an open socket would not be there, or be there twice, in the workers."""
    code = (
        "import os, threading\n"
        "import lockpoint.wsgi\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "names = [f'/proc/self/fd/{name}' for name in os.listdir('/proc/self/fd')]\n"
        "links = [os.readlink(name) for name in names if os.path.exists(name)]\n"
        "assert not [link for link in links if 'socket' in link], links\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


ENVIRONMENT = {
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nowhere",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "LOCKPOINT_BASE_URL": "https://lockpoint.example.com",
    "LOCKPOINT_SECRET_KEYS": "an invented root key of more than 32 characters",
    "LOCKPOINT_MAIL_URL": "smtp://127.0.0.1:1",
    "LOCKPOINT_MAIL_FROM": "lockpoint@example.com",
}
SETTINGS = Settings.model_validate(ENVIRONMENT)
