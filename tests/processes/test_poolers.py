"""A pooler in front of Postgres: a start that says what is wrong."""

import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from devstack.environment import app_environment, spare_ports
from lockpoint.storage.access.fitness import trouble_with
from tests.support.checkout import ROOT
from tests.support.pooler import pooler

COMMANDS = ("web", "worker", "clock")


@pytest.mark.parametrize("refuses", [True, False])
def test_a_pooler_that_keeps_settings_away_is_named(database_url: str, refuses: bool) -> None:
    """D4: whether it refuses or ignores them."""
    with pooler(database_url, refuses=refuses) as between:
        trouble = trouble_with(between.url)
    assert trouble is not None
    assert trouble.text.startswith("DATABASE_URL: a connection pooler")
    assert not trouble.passing


@pytest.mark.processes
def test_no_process_starts_behind_a_pooler(database_url: str, redis_url: str) -> None:
    """D4: code 1, the variable and what to set."""
    with pooler(database_url, refuses=True) as between:
        made = app_environment({}, spare_ports(), database_url=between.url, redis_url=redis_url, secret_keys="k" * 64)
        started = [
            subprocess.Popen(
                [sys.executable, "-m", "lockpoint", name],
                cwd=ROOT,
                env={**os.environ, **made},
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            for name in COMMANDS
        ]
        try:
            said = [process.communicate(timeout=60)[1] for process in started]
        finally:
            for process in started:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    assert [process.returncode for process in started] == [1, 1, 1]
    for text in said:
        assert "DATABASE_URL: a connection pooler" in text
        assert "Set the address of PostgreSQL itself" in text
        assert "Traceback" not in text
