"""The connections to Postgres of the default formation."""

import re

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
def test_a_process_has_one_pool(build: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A6."""
    pools: list[Database] = []

    class Counted(Database):
        def __init__(self, *values: object, **named: object) -> None:
            super().__init__(*values, **named)  # type: ignore[arg-type]
            pools.append(self)

    monkeypatch.setattr(bootstrap, "Database", Counted)
    build(SETTINGS)  # type: ignore[operator]
    assert len(pools) == 1


SETTINGS = Settings.model_validate(
    {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nowhere",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "LOCKPOINT_BASE_URL": "https://lockpoint.example.com",
        "LOCKPOINT_SECRET_KEYS": "an invented root key of more than 32 characters",
        "LOCKPOINT_MAIL_URL": "smtp://127.0.0.1:1",
        "LOCKPOINT_MAIL_FROM": "lockpoint@example.com",
    }
)
